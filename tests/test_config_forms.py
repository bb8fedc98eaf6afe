"""The table `forms` of a channel: what it may say, and what is said of a slip, before anything is collected."""

from __future__ import annotations

import json
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ussd_engine.channels.forms import FormSettings, configure
from ussd_engine.cli import cli
from ussd_engine.config import load, open_collectors
from ussd_engine.engine import read_menus
from ussd_engine.errors import ConfigError
from ussd_engine.forms.checking import Right
from ussd_engine.forms.fieldmap import FieldMap
from ussd_engine.menu.edition import Edition

FIELDS: dict[str, Any] = {"f": "form", "t": "institution", "m": "message"}


@pytest.fixture(scope="module")
def edition() -> Edition:
    return read_menus(load({}))


def table(**changes: Any) -> dict[str, Any]:
    return {"service": "emrejesho", "fields": FIELDS, **changes}


def mapped(edition: Edition, **changes: Any) -> FieldMap:
    options = configure(FormSettings(name="mgov", msisdn=lambda _: None, options=table(**changes)))
    return FieldMap(edition, "mgov", options)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"service": "emrejesh"}, 'service "emrejesh" does not exist (did you mean "emrejesho"?)'),
        ({"service": "gmp"}, 'service "gmp" has no words for SMS, by which a form is answered'),
        ({"fields": {"m": "message"}}, 'either "form" names the form, or one field whose answer is "form"'),
        ({"form": "complaint"}, 'either "form" names the form, or one field whose answer is "form"'),
        ({"fields": {"m": "message"}, "form": "complain"}, '"complain" is no form that sends something (did you mean'),
        ({"fields": {"m": "message"}, "form": "appeal"}, '"appeal" is no form that sends something'),
        ({"fields": {**FIELDS, "f": {"answer": "form", "values": {"1": "x"}}}}, '"x" is no form that sends something'),
        ({"fields": {**FIELDS, "m": "mesage"}}, 'field "m": no form asks for "mesage" (did you mean "message"?)'),
        (
            {"fields": {**FIELDS, "k": {"answer": "nature", "values": {"1": "bribe"}}}},
            'field "k": "bribe" is no value of "nature" (did you mean "bribery"?)',
        ),
        (
            {"fields": {**FIELDS, "t": {"answer": "institution", "values": {"1": "TANESKO"}}}},
            'field "t": "TANESKO" is no value of "institution"',
        ),
        (
            {"fields": {"t": "institution"}, "form": "complaint"},
            'form "complaint" always asks for "message", for which',
        ),
        ({"fields": {"m": "message"}, "form": "opinion"}, 'form "opinion" always asks for "institution", for which'),
        (
            {"fields": {"f": {"answer": "form", "values": {"1": "opinion", "2": "complaint"}}, "t": "institution"}},
            'form "opinion" always asks for "message", for which there is neither a field nor a value in "set": no',
        ),
        ({"fields": {**FIELDS, "x": "qqq"}}, "there are council, form, identity, institution, "),
        ({"set": {"nature": "bad"}}, 'set: "bad" is no value of "nature"'),
        ({"set": {"why": "bad"}}, 'set: no form asks for "why"'),
        ({"fields": {}}, "fields: expected from 1 to 64 of them"),
        ({"window_s": 0}, "window_s"),
        ({"window": 9}, 'setting "window" does not exist (did you mean "window_s"?)'),
        ({"fields": {"m": {"answer": "message", "value": {}}}}, "value"),
    ],
)
def test_a_slip_is_said_with_its_place_and_the_way_out(edition: Edition, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        mapped(edition, **changes)
    assert str(error.value).startswith('channel "mgov": forms: ')
    assert said in str(error.value)


def test_a_value_may_stand_for_an_institution_by_its_code(edition: Edition) -> None:
    mapped(edition, fields={**FIELDS, "t": {"answer": "institution", "values": {"1": "TANESCO"}}})


def test_a_channel_takes_forms_where_its_settings_have_the_table() -> None:
    settings = {
        "USSD_ENGINE_CHANNELS": "mgov",
        "USSD_ENGINE_CHANNEL_SETTINGS": json.dumps({"mgov": {"forms": table()}}),
    }
    assert list(open_collectors(load(settings), lambda _: None)) == ["mgov"]
    settings["USSD_ENGINE_CHANNEL_SETTINGS"] = json.dumps({"kannel": {"forms": table()}})
    with pytest.raises(ConfigError, match="it collects no forms; there are mgov"):
        load({**settings, "USSD_ENGINE_CHANNELS": "kannel"})


def test_the_settings_of_a_file_read_as_the_page_says(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "channels.md").read_text()
    (block,) = [part.split("```")[0] for part in page.split("```toml\n")[1:] if "forms.fields" in part]
    file = tmp_path / "settings.toml"
    file.write_text(block)
    config = load({"USSD_ENGINE_CONFIG": str(file)})
    (collector,) = open_collectors(config, lambda _: None).values()
    FieldMap(read_menus(config), collector.name, collector.options)


# the list of fields


def listed(*words: str, env: dict[str, str] | None = None) -> str:
    done = CliRunner().invoke(cli, ["fields", *words], env=env)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_fields_of_a_form_are_listed_for_whoever_builds_the_menu() -> None:
    said = listed("emrejesho", "complaint")
    for line in (
        "  institution: institution",
        "    bribery = Rushwa",
        "  message: text, words 3, letters 480",
        "    asked where identity is named",
        "    confidential = Siri: afisa hanijui, napata SMS",
    ):
        assert line in said.splitlines()
    assert "Type your message, up to 480 characters." in listed("emrejesho", "complaint", "--lang", "en")


def test_the_fields_of_a_form_are_listed_for_programs() -> None:
    lines = [json.loads(line) for line in listed("emrejesho", "--json").splitlines()]
    assert [one["form"] for one in lines] == ["complaint", "compliment", "leader", "opinion", "question"]
    complaint = {field["name"]: field for field in lines[0]["fields"]}
    assert complaint["message"]["check"] == {"words": {"n": 3}, "letters": {"max": 480}}
    assert complaint["nature"]["values"]["delay"] == "Ucheleweshaji"
    assert complaint["name"] == {
        "name": "name",
        "kind": "text",
        "asks": "Andika jina lako kamili.",
        "values": {},
        "check": {"letters": {"min": 2, "max": 60}},
        "optional": True,
        "when": [["identity is named"]],
        "called": [],
        "set": {},
        "lacking": [],
    }
    assert "its short name" in complaint["institution"]["matched"]
    assert "rows" not in complaint["institution"]


def test_what_the_platform_calls_a_field_stands_beside_it() -> None:
    fields = {**FIELDS, "f": {"answer": "form", "values": {"1": "complaint"}}, "m": "message"}
    fields["k"] = {"answer": "nature", "values": {"3": "bribery", "7": "other"}}
    own = {
        "USSD_ENGINE_CHANNELS": "mgov",
        "USSD_ENGINE_CHANNEL_SETTINGS": json.dumps({"mgov": {"forms": table(fields=fields)}}),
    }
    said = listed("emrejesho", "complaint", env=own).splitlines()
    assert said[:2] == ["complaint", "  mgov: f is 1"]
    assert "    bribery = Rushwa (mgov: 3)" in said
    assert said[said.index("  message: text, words 3, letters 480") + 2] == "    mgov: m"
    assert "mgov" not in listed("emrejesho", "opinion", env=own).split("institution")[0]
    (line,) = listed("emrejesho", "complaint", "--json", env=own).splitlines()
    named = {field["name"]: field["called"] for field in json.loads(line)["fields"]}
    assert named["message"] == [{"channel": "mgov", "field": "m", "values": {}}]
    assert named["identity"] == []


def environment(**own: Any) -> dict[str, str]:
    settings = json.dumps({"mgov": {"forms": {"service": "emrejesho", **own}}})
    return {"USSD_ENGINE_CHANNELS": "mgov", "USSD_ENGINE_CHANNEL_SETTINGS": settings}


def under(said: str, field: str) -> list[str]:
    """The lines below a field."""
    lines = said.splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith(f"  {field}: "))
    return [*takewhile(lambda line: line.startswith("    "), lines[start + 1 :])]


def test_what_set_answers_stands_at_its_field() -> None:
    env = environment(fields=FIELDS, set={"nature": "other"})
    assert "    mgov: `set` answers other" in under(listed("emrejesho", "complaint", env=env), "nature")
    (line,) = listed("emrejesho", "complaint", "--json", env=env).splitlines()
    given = {field["name"]: field["set"] for field in json.loads(line)["fields"]}
    assert (given["nature"], given["message"]) == ({"mgov": "other"}, {})
    env = environment(fields={**FIELDS, "k": "nature"}, set={"nature": "other"})
    assert "    mgov: `set` answers other where it is left out" in under(
        listed("emrejesho", "complaint", env=env), "nature"
    )


def test_a_question_that_nothing_answers_is_marked() -> None:
    env = environment(form="complaint", fields={"t": "institution"})
    marked = "    mgov: always asked for, and neither a field nor `set` gives it: no form is taken"
    said = listed("emrejesho", "complaint", env=env)
    assert marked in under(said, "message")
    assert said.count("always asked for") == 1
    assert "always asked for" not in listed("emrejesho", "opinion", env=env), "it takes no opinions"


def test_when_a_question_is_asked_is_said_in_words() -> None:
    said = listed("emrejesho", "complaint")
    assert not [line for line in under(said, "identity") if "asked where" in line], "bribery or not: always"
    assert "    asked where the core wants to know place (setting core_wants)" in under(said, "place")
    assert "core_wants is" not in listed("emrejesho")


def test_every_row_is_listed_with_a_name_that_a_form_takes(edition: Edition) -> None:
    (line,) = listed("emrejesho", "complaint", "--json", "--rows").splitlines()
    rows = {field["name"]: field["rows"] for field in json.loads(line)["fields"] if "rows" in field}
    assert len(rows["institution"]) == len(edition.data["emrejesho"])
    assert rows["region"]["Dodoma"] == "Dodoma"
    checks = mapped(edition, fields={**FIELDS, "r": "region"})
    for field, answer in (("t", "institution"), ("r", "region")):
        for stored, name in list(rows[answer].items())[::7]:
            found = checks.check(field, name, "sw")
            assert isinstance(found, Right)
            assert found.value == stored


def test_every_field_that_is_listed_can_be_mapped(edition: Edition) -> None:
    lines = [json.loads(line) for line in listed("emrejesho", "--json").splitlines()]
    fields = {field["name"]: field["name"] for line in lines for field in line["fields"]}
    mapped(edition, fields={"f": "form", **fields})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("emrejesh",), 'service "emrejesh" does not exist (did you mean "emrejesho"?)'),
        (("emrejesho", "appeal"), '"emrejesho" has no form "appeal" at whose end something is sent'),
        (("emrejesho", "--lang", "fr"), '"emrejesho" does not speak "fr": sw, en'),
    ],
)
def test_what_cannot_be_listed_is_said(words: tuple[str, ...], said: str) -> None:
    done = CliRunner().invoke(cli, ["fields", *words])
    assert said in str(done.exception)
