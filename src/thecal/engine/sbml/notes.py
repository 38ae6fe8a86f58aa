"""What people and machines may want to know of each quantity: notes in words, annotations in RDF."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from thecal.core.register import Parameter

XHTML = "http://www.w3.org/1999/xhtml"
REGISTER = "urn:thecal:register:1"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_BQBIOL = "http://biomodels.net/biology-qualifiers/"
_DOI = re.compile(r"\b10\.\d{4,9}/(?:[^\s;,\[\]()]|\([^\s()]*\))+")  # brackets only in pairs
_PUBMED = re.compile(r"\bPMID:?\s*(\d{5,9})\b", re.IGNORECASE)
ASSUMED = "assumption: nobody measured this number"


def write_notes(element: ET.Element, *paragraphs: str) -> None:
    """``<notes>`` with one paragraph per text; empty texts are left out."""
    body = ET.SubElement(ET.SubElement(element, "notes"), "body", {"xmlns": XHTML})
    for text in filter(None, paragraphs):
        ET.SubElement(body, "p").text = text


def describe_parameter(element: ET.Element, entry: Parameter) -> None:
    """Notes and annotation of one number of the register: meaning, source, range, kind, checked or not."""
    write_notes(element, entry.context, f"Source: {entry.source}" if entry.source else "",
                f"{ASSUMED}." if entry.is_assumption else f"Kind: {entry.kind}.", _range(entry), entry.note)
    cite(element, entry.source)
    ET.SubElement(_annotation(element), "thecal:entry", {
        "xmlns:thecal": REGISTER, "id": entry.id, "kind": entry.kind, "verified": "yes" if entry.verified else "no",
        "low": repr(entry.low), "high": repr(entry.high), "scale": entry.scale,
        "betweenAnimals": repr(entry.between_animals), "species": entry.species, "source": entry.source})


def _range(entry: Parameter) -> str:
    checked = "checked by a person" if entry.verified else "not checked by a person"
    if entry.low == entry.high:
        return f"No range; {checked}."
    unit = "" if entry.unit == "1" else f" {entry.unit}"
    return f"Range (5th to 95th percentile): {entry.low:g} to {entry.high:g}{unit}; {checked}."


def cite(element: ET.Element, *sources: str) -> None:
    """MIRIAM: the element ``isDescribedBy`` each DOI and PubMed number that the sources name."""
    found = [f"https://identifiers.org/doi/{doi.rstrip('.')}" for text in sources for doi in _DOI.findall(text)]
    found += [f"https://identifiers.org/pubmed/{number}" for text in sources for number in _PUBMED.findall(text)]
    if not found:
        return
    metaid = f"meta_{element.get('id')}"
    element.set("metaid", metaid)
    rdf = ET.SubElement(_annotation(element), "rdf:RDF", {"xmlns:rdf": _RDF, "xmlns:bqbiol": _BQBIOL})
    described = ET.SubElement(rdf, "rdf:Description", {"rdf:about": f"#{metaid}"})
    bag = ET.SubElement(ET.SubElement(described, "bqbiol:isDescribedBy"), "rdf:Bag")
    for address in dict.fromkeys(found):
        ET.SubElement(bag, "rdf:li", {"rdf:resource": address})


def _annotation(element: ET.Element) -> ET.Element:
    found = element.find("annotation")
    return ET.SubElement(element, "annotation") if found is None else found
