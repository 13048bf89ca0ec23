"""Words before numbers, in small letters: what a number is, or is not."""

from __future__ import annotations

PHONE = ("phone", "telephone", "tel", "mobile", "cell", "call", "fax", "whatsapp", "sms", "text me", "dial", "hotline",
 "contact", "reach me", "reach us", "reach you", "reach him", "reach her", "answering", "ring me", "ring us", "pager",
 "my number", "your number", "our number", "his number", "her number", "their number",
 "telefon", "handy", "mobil", "anruf", "ruf", "erreichbar", "rückruf",
 "téléphone", "portable", "appel", "joindre", "numéro", "teléfono", "telefono", "móvil", "celular", "llam", "llám",
 "cellulare", "chiama", "telefone", "telemóvel", "ligue", "ligar", "telefoon", "mobiel", "gsm", "bel ", "puhelin",
 "điện thoại", "số đt", "sđt", "đt", "gọi", "liên hệ", "di động", "zalo", "hotline",
 "电话", "電話", "手机", "手機", "致电", "联系", "聯繫", "拨打", "撥打", "微信", "热线", "携帯", "連絡先", "전화", "연락처", "휴대폰",
 "тел", "звон", "моб", "هاتف", "جوال", "اتصل", "موبايل", "फोन", "मोबाइल", "कॉल", "โทร", "มือถือ", "telepon", "hubungi")  # fmt: skip
"""Before telephone numbers."""

CARD = ("card", "visa", "mastercard", "maestro", "amex", "american express", "credit", "debit", "kreditkarte", "karte",
 "carte", "tarjeta", "carta", "cartão", "kaart", "thẻ", "карта", "карты", "信用卡", "银行卡", "卡号", "カード", "카드")  # fmt: skip
"""Before the numbers of payment cards."""

IP = (
    *("ip", "ipv4", "address", "host", "server", "dns", "ping", "gateway", "router", "adresse", "dirección", "địa chỉ"),
    *("адрес", "地址"),
)
"""Before addresses of hosts."""

PARTS = ("version", "section", "chapter", "release", "clause", "article", "v")
"""Before what is counted in the same way: parts of texts, and versions."""

AGAINST = (
    *(
        "order",
        "purchase",
        "invoice",
        "tracking",
        "parcel",
        "shipment",
        "isbn",
        "issn",
        "ean",
        "upc",
        "sku",
        "serial",
        "version",
    ),
    *("ticket", "reference", "ref", "case", "build", "commit", "revision", "hash", "timestamp", "part", "model", "doi"),
    *("article", "item", "product", "batch", "lot", "receipt", "confirmation", "transaction", "pmid", "checksum"),
    *("bestellung", "bestellnummer", "auftrag", "auftragsnummer", "rechnung", "rechnungsnummer", "sendung"),
    *("artikelnummer", "seriennummer", "sendungsnummer", "commande", "facture", "colis", "pedido", "factura", "envío"),
    *("ordine", "fattura", "bestelling", "factuur", "zamówienie", "заказ", "заказа", "счёт"),
    *("đơn hàng", "mã đơn", "hóa đơn", "mã vận đơn", "订单", "訂單", "单号", "單號", "发票", "编号", "注文", "주문"),
)
"""Words before numbers that belong to things, not to people."""
