"""The XML that is read: what is refused, at what cost, and that what is written is read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_engine.channels import markup
from ussd_engine.channels.base import Request
from ussd_engine.errors import NotACallback

XML = {"content-type": "text/xml"}


def read(body: str) -> markup.Element:
    return markup.document(Request(method="POST", headers=XML, body=body.encode()))


def refusal(body: str) -> str:
    with pytest.raises(NotACallback) as refused:
        read(body)
    return str(refused.value)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_written_is_read_again(text: str) -> None:
    root = read(f'<a b="{markup.attribute(text)}">{markup.text(text)}</a>')
    carried = "".join("?" if not _carries(one) else one for one in text)
    assert root.text == carried
    assert root.attributes["b"] == carried


def _carries(character: str) -> bool:
    return character in "\t\n\r" or (character >= " " and character not in "\ufffe\uffff")


def test_a_document_type_is_refused_before_anything_in_it_is_read() -> None:
    assert refusal('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>') == "the body declares a document type"
    assert refusal('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>') == "the body declares a document type"


def test_an_entity_that_nobody_declared_is_no_text() -> None:
    assert refusal("<a>&nbsp;</a>") == "the body is not XML in UTF-8"


def test_a_text_is_whole_whatever_stands_in_it() -> None:
    assert read("<a>1<!-- 2 -->3<?x 4?><![CDATA[5]]>&#54;</a>").text == "1356"


def test_elements_and_attributes_count_alike() -> None:
    assert read("<a>" + "<b/>" * 63 + "</a>").children[62].name == "b"
    many = "more than 64 elements and attributes, or more than 16 deep"
    assert refusal("<a>" + "<b/>" * 64 + "</a>") == many
    assert refusal("<a>" + "<b c='1'/>" * 32 + "</a>") == many
    assert refusal("<a>" * 17 + "</a>" * 17) == many
    assert read("<a>" * 16 + "</a>" * 16).name == "a"


def test_a_name_is_taken_without_its_prefix() -> None:
    assert read("<s:a><t:b/></s:a>").needed("b").name == "b"


def test_an_element_that_stands_twice_is_refused_where_one_is_meant() -> None:
    root = read("<a><b/><b/></a>")
    for ask in (root.child, root.needed):
        with pytest.raises(NotACallback, match="element b stands twice"):
            ask("b")
    assert root.child("c") is None
