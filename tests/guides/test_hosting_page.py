"""The page about hosting another institution's service, followed: its menus are proven, and a form is delivered to the
institution of the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.guides.guide import Reader
from tests.guides.test_operator_pages import free_port


@pytest.mark.timeout(300)
def test_the_service_of_the_page_delivers_a_form_to_the_institution_of_the_page(tmp_path: Path) -> None:
    with Reader(tmp_path, **{"8080": str(port := free_port()), "8081": str(free_port())}) as reader:
        reader.environ["USSD_ENGINE_PORT"] = str(port)
        reader.follow("hosting.md")
        assert "no faults" in reader.said["ussd-engine check"]
        (dialled,) = [said for line, said in reader.said.items() if line.startswith("ussd-engine dial")]
        assert "1. Asha Juma, Mikocheni" in dialled
        (reference,) = re.findall(r"Namba: ([0-9]{9})", dialled)
        assert reader.heard(0, "/fomu/check") == "/fomu/check?field=namba_ya_mita {'data': '12345678'}"
        form = reader.heard(0, "/fomu ")
        assert form.startswith("/fomu {'msisdn': '2557")
        assert f"'maelezo': 'Bomba limepasuka', 'kumbukumbu': '{reference}'" in form
