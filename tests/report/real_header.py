"""A header as the service writes it today, from a provider's user to a mailbox; names of hosts and addresses are changed."""

FROM_A_PROVIDER = b"""\
Received: from AM0PR01MB5555.eurprd01.prod.exchangelabs.com (2603:10a6:208:1::1)
 by DB9PR01MB7777.eurprd01.prod.exchangelabs.com with HTTPS; Thu, 15 Jan 2026 09:00:07 +0000
Received: from AS9PR06CA0001.eurprd06.prod.outlook.com (2603:10a6:20b:462::1)
 by AM0PR01MB5555.eurprd01.prod.exchangelabs.com (2603:10a6:208:1::1) with
 Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.9520.5; Thu, 15 Jan 2026
 09:00:05 +0000
Received: from AM4PEPF00027A6B.eurprd04.prod.outlook.com (2603:10a6:20b:462:cafe::1)
 by AS9PR06CA0001.outlook.office365.com (2603:10a6:20b:462::1) with Microsoft SMTP Server (version=TLS1_3,
 cipher=TLS_AES_256_GCM_SHA384) id 15.20.9520.5 via Frontend Transport; Thu, 15 Jan 2026 09:00:05 +0000
Authentication-Results: spf=pass (sender IP is 192.0.2.43) smtp.mailfrom=provider.example; dkim=pass (signature was
 verified) header.d=provider.example;dmarc=pass action=none header.from=provider.example;compauth=pass reason=100
Received: from mail-ej1-f43.provider.example (192.0.2.43)
 by AM4PEPF00027A6B.mail.protection.outlook.com (10.167.16.89) with Microsoft SMTP Server
 (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20.9520.5 via Frontend Transport; Thu, 15 Jan 2026 09:00:04 +0000
X-MS-Exchange-Organization-AuthAs: Anonymous
Received: by mail-ej1-f43.provider.example with SMTP id a640c23a62f3a-b8765; Thu, 15 Jan 2026 01:00:03 -0800 (PST)
MIME-Version: 1.0
From: Eve <eve@provider.example>
To: Bob <bob@contoso.com>
Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=
Return-Path: eve@provider.example

Hello
""".replace(b"\n", b"\r\n")
