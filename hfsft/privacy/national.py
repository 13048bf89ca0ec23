"""Numbers by which a state knows a person, in the forms and with the check digits of python-stdnum.

A form that nearly nothing else has (letters among the digits, or a check of two digits and a date) counts wherever it
stands; a mere row of digits, which also passes its check one time in ten by chance, only behind a word that says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import NamedTuple

from hfsft.privacy.context import WordsBefore
from hfsft.privacy.found import Found


class _NumberForm(NamedTuple):
    """One kind of number: how it is written, what checks it (a module of stdnum), the words it needs before it."""

    pattern: str
    check: str = ""
    words: tuple[str, ...] = ()


_TAX = ("tax", "tin", "steuer", "idnr", "fiscal", "fiscale", "tributari", "nif", "nie", "dni")
_INSURED = ("social security", "social insurance", "insurance", "ssn", "sin", "versicherung", "sozialversicherung")
_IDENTITY = ("national id", "identity", "identification", "id number", "id card", "id no", "citizen", "personal number",
             "id:", "id is", "ausweis", "identité", "identidad", "identità", "identidade")  # fmt: skip

FORMS: dict[str, _NumberForm] = {
    "US social security": _NumberForm(r"(?!000)\d{3}-\d{2}-\d{4}"),
    "US social security, unchecked": _NumberForm(r"\d{3}[- ]?\d{2}[- ]?\d{4}", "", ("ssn", "social security")),
    "US taxpayer": _NumberForm(r"9\d{2}[- ]?\d{2}[- ]?\d{4}", "us.itin", ("itin", "taxpayer", *_TAX)),
    "UK national insurance": _NumberForm(
        # QQ is given to nobody, and stands in examples.
        r"(?:QQ|(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]) ?\d{2} ?\d{2} ?\d{2} ?[A-D]"
    ),
    "UK health": _NumberForm(r"\d{3}[ -]?\d{3}[ -]?\d{4}", "gb.nhs", ("nhs",)),
    "DE tax": _NumberForm(r"\d{2} ?\d{3} ?\d{3} ?\d{3}", "de.idnr", ("steuer", "idnr", "identifikationsnummer", *_TAX)),
    "DE pension": _NumberForm(r"\d{2} ?\d{6} ?[A-Z] ?\d{3}", "", ("versicherung", "rente", "sozial")),
    "FR insured": _NumberForm(r"[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", "fr.nir"),
    "ES citizen": _NumberForm(r"\d{8}[- ]?[A-Z]", "es.dni"),
    "ES foreigner": _NumberForm(r"[XYZ]-?\d{7}-?[A-Z]", "es.nie"),
    "IT tax": _NumberForm(r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]", "it.codicefiscale"),
    "NL citizen": _NumberForm(r"\d{4}[. ]?\d{2}[. ]?\d{3}", "nl.bsn", ("bsn", "burgerservice", "sofi", *_IDENTITY)),
    "BE national": _NumberForm(r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", "be.nn"),
    "VN citizen": _NumberForm(
        r"0\d{2} ?\d{3} ?\d{3} ?\d{3}|\d{9}", "",
        ("cccd", "cmnd", "căn cước", "chứng minh nhân dân", "chứng minh thư", "số định danh"),
    ),
    "CN resident": _NumberForm(r"[1-8]\d{5} ?(?:19|20)\d{2}(?:0[1-9]|1[0-2])[0-3]\d ?\d{3}[\dXx]", "iso7064.mod_11_2"),
    "TW national": _NumberForm(r"[A-Z][12]\d{8}", "", ("身分證", "身份證", *_IDENTITY)),
    "HK identity": _NumberForm(r"[A-Z]{1,2}\d{6}\([\dA]\)"),
    "KR resident": _NumberForm(r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-[1-8]\d{6}"),
    "JP individual": _NumberForm(r"\d{4}[ -]?\d{4}[ -]?\d{4}", "jp.in_", ("マイナンバー", "個人番号", "my number")),
    "IN Aadhaar": _NumberForm(r"[2-9]\d{3}[ -]\d{4}[ -]\d{4}", "in_.aadhaar"),
    "IN Aadhaar, in a row": _NumberForm(r"[2-9]\d{11}", "in_.aadhaar", ("aadhaar", "aadhar", "uidai", "आधार")),
    "IN tax": _NumberForm(r"[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]", "in_.pan"),
    "BE national, in a row": _NumberForm(r"\d{11}", "be.nn", ("rijksregister", "registre national", *_IDENTITY)),
    "GR insured": _NumberForm(r"\d{11}", "gr.amka", ("αμκα", *_IDENTITY)),
    "UA taxpayer": _NumberForm(r"\d{10}", "ua.rntrc", ("рнокпп", "іпн", *_IDENTITY)),
    "HR personal": _NumberForm(r"\d{11}", "hr.oib", ("oib", *_IDENTITY)),
    "BG personal": _NumberForm(r"\d{10}", "bg.egn", ("егн", *_IDENTITY)),
    "BR citizen": _NumberForm(r"\d{3}\.\d{3}\.\d{3}-\d{2}", "br.cpf"),
    "BR citizen, in a row": _NumberForm(r"\d{11}", "br.cpf", ("cpf", *_IDENTITY)),
    "MX citizen": _NumberForm(r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d", "mx.curp"),
    "AR citizen": _NumberForm(r"\d{1,2}\.?\d{3}\.?\d{3}", "ar.dni", ("dni", "documento")),
    "CL citizen": _NumberForm(r"\d{1,2}\.\d{3}\.\d{3}-[\dkK]", "cl.rut"),
    "CH insured": _NumberForm(r"756\.\d{4}\.\d{4}\.\d{2}", "ch.ssn"),
    "CH insured, in a row": _NumberForm(r"756\d{10}", "ch.ssn", ("ahv", "avs", *_INSURED)),
    "AT insured": _NumberForm(r"\d{4} ?\d{6}", "at.vnr", ("svnr", *_INSURED)),
    "AR taxpayer": _NumberForm(r"\d{2}-\d{8}-\d", "ar.cuit"),
    "CA insured": _NumberForm(r"\d{3}[ -]?\d{3}[ -]?\d{3}", "ca.sin", _INSURED),
    "AU tax": _NumberForm(r"\d{3} ?\d{3} ?\d{2,3}", "au.tfn", ("tfn", "tax file")),
    "TR citizen": _NumberForm(r"[1-9]\d{10}", "tr.tckimlik", ("kimlik", "tckn", "t.c", *_IDENTITY)),
    "PL citizen": _NumberForm(r"\d{11}", "pl.pesel", ("pesel", *_IDENTITY)),
    "SE personal": _NumberForm(r"(?:19|20)?\d{6}[-+]\d{4}", "se.personnummer"),
    "FI personal": _NumberForm(r"\d{6}[-+A-FU-Y]\d{3}[\dA-Y]", "fi.hetu"),
    "DK personal": _NumberForm(r"\d{6}-?\d{4}", "dk.cpr", ("cpr", "personnummer", *_IDENTITY)),
    "NO personal": _NumberForm(r"\d{6} ?\d{5}", "no.fodselsnummer", ("fødselsnummer", "personnummer", *_IDENTITY)),
    "RO personal": _NumberForm(r"[1-8]\d{12}", "ro.cnp", ("cnp", "cod numeric", *_IDENTITY)),
    "CZ, SK birth": _NumberForm(r"\d{6}/\d{3,4}", "cz.rc"),
    "PT tax": _NumberForm(r"[1-35689]\d{2} ?\d{3} ?\d{3}", "pt.nif", ("nif", "contribuinte")),
    "IE public service": _NumberForm(r"\d{7}[A-W][A-IW]?", "ie.pps", ("pps", "ppsn")),
    "ZA identity": _NumberForm(r"\d{13}", "za.idnr", _IDENTITY),
    "IL identity": _NumberForm(r"\d{9}", "il.idnr", ("teudat", "תעודת זהות", "ת.ז", *_IDENTITY)),
    "ID citizen": _NumberForm(r"\d{16}", "id.nik", ("nik", "ktp", "kependudukan", *_IDENTITY)),
    "TH citizen": _NumberForm(r"\d-\d{4}-\d{5}-\d{2}-\d", "th.pin"),
    "MY citizen": _NumberForm(r"\d{6}-\d{2}-\d{4}", "my.nric"),
    "SG identity": _NumberForm(r"[STFGM]\d{7}[A-Z]"),
    "PK citizen": _NumberForm(r"\d{5}-\d{7}-\d", "pk.cnic"),
    "RU insured": _NumberForm(r"\d{3}-\d{3}-\d{3} \d{2}"),
    "RU tax": _NumberForm(r"\d{12}", "ru.inn", ("инн", *_IDENTITY)),
    "RU passport": _NumberForm(r"\d{2} ?\d{2} ?\d{6}", "", ("паспорт",)),
    "passport": _NumberForm(
        r"(?=[A-Z]{0,2}\d)[A-Z\d]{7,9}", "",
        ("passport", "reisepass", "passeport", "pasaporte", "passaporto", "passaporte", "paspoort", "hộ chiếu", "护照"),
    ),
    "driving licence": _NumberForm(
        r"(?=[A-Z]{0,5}\d)[A-Z\d]{7,16}", "",
        ("driver's license", "drivers license", "driver license", "driving licence", "driver's licence",
         "drivers licence", "driver’s license", "license number", "führerschein", "permis de conduire"),
    ),
}  # fmt: skip
"""What it is -> its form."""

_BEFORE, _BEHIND = r"(?<![A-Za-z0-9_])(?<!\d[.,/])(?<![A-Za-z0-9]-)", r"(?![A-Za-z0-9_]|-[A-Za-z0-9]|[.,/]\d)"


class _CompiledForm(NamedTuple):
    pattern: re.Pattern[str]
    check: str
    context: WordsBefore | None


@cache
def _forms() -> list[_CompiledForm]:
    return [
        _CompiledForm(
            re.compile(f"{_BEFORE}(?:{form.pattern}){_BEHIND}"),
            form.check,
            WordsBefore(form.words) if form.words else None,
        )
        for form in FORMS.values()
    ]


@cache
def _checked(module: str) -> Callable[[str], bool]:
    check: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
    return check


def national_ids(text: str) -> Iterator[Found]:
    """Numbers of citizens, the insured and taxpayers, of passports and driving licences."""
    for form in _forms():
        for found in form.pattern.finditer(text):
            if form.context is not None and form.context.says(text, found.start()) != "for":
                continue
            if form.context is None and _UNLIKE.says(text, found.start()) == "against":
                continue
            if not form.check or _checked(form.check)(found[0]):
                yield Found("NATIONAL_ID", *found.span())
    # Right behind its own name a number is one, whatever its check digits are.
    for found in _LABELLED.finditer(text):
        if _LABEL.says(text, found.start()) == "against":
            yield Found("NATIONAL_ID", *found.span())


_UNLIKE = WordsBefore(())
_LABELLED = re.compile(rf"{_BEFORE}(?:[A-Z]{{1,3}}-?)?\d(?:[ .\-/]?\d){{6,17}}(?:-?[A-Z])?(?![A-Za-z0-9_])")
_LABELS = tuple(
    {word for form in FORMS.values() for word in form.words}
    - {*_TAX, *_IDENTITY, "insurance", "sin", "rente", "sozial", "my number"}
)
_LABEL = WordsBefore((), _LABELS)  # "against" is what stands right before a number
