"""Menus that nobody wrote: forms of every shape, for walks that look for a transition that is missing."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from tests.menu.menu_folder import country, shipped
from ussd_engine.catalog import Catalog
from ussd_engine.errors import Fault, MenuError
from ussd_engine.menu.compile import compile_service
from ussd_engine.menu.edition import Edition
from ussd_engine.menu.lint.changes import unasked
from ussd_engine.menu.load import load_text
from ussd_engine.menu.names import check_names
from ussd_engine.menu.schema import read_service
from ussd_engine.pofile import PoFile

VALUES = ("a", "b", "c")
ASKED = ("choose", "choose", "skip", "shared", "input", "full", "search", "regions", "councils", "office", "offer")

Block = dict[str, Any]


class Menu:
    """A service under way: its blocks, and the answers that were asked so far with the values they can have."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.screens: Block = {}
        self.forms: Block = {}
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.count = 0
        self.saved: set[str] = set()
        """Every question that was asked, those of sub-forms too."""
        self.within = False
        """Whether a sub-form is under way."""

    def one(self, *among: Any) -> Any:
        return self.draw(st.sampled_from(among))

    def name(self) -> str:
        self.count += 1
        return f"q{self.count}"

    def condition(self) -> Block | None:
        """A condition on a fact or on an answer asked before, or none."""
        known = [(name, values) for name, values in self.asked if values]
        choice = self.draw(st.integers(0, 5))
        if choice == 0:
            return {self.one("if", "unless"): {"core_wants": self.one("place", "date")}}
        if choice > 3 or not known:
            return None
        name, values = self.one(*known)
        wanted = list(values[:2]) if choice == 1 else self.one(*values)
        return {self.one("if", "unless"): {name: wanted}}

    def items(self, depth: int) -> list[Any]:
        """Some questions and, above the second depth, sub-forms."""
        found: list[Any] = []
        for _ in range(self.draw(st.integers(1, 4))):
            condition = self.condition()
            name = self.sub_form(depth + 1) if depth < 2 and self.draw(st.integers(0, 3)) == 0 else self.question()
            found.append({name: condition} if condition else name)
        return found

    def sub_form(self, depth: int) -> str:
        name = f"sub_{self.name()}"
        before, within = list(self.asked), self.within
        self.within = True
        self.forms[name] = {"ask": self.items(depth)}
        self.within = within
        # what a sub-form asks may not be asked at all: outside, only what surely was is looked at
        self.asked = before
        return name

    def question(self) -> str:
        name, kind = self.name(), self.one(*ASKED)
        getattr(self, f"ask_{kind}")(name)
        self.saved.add(name)
        return name

    def ask_choose(self, name: str) -> None:
        lines: Block = {f"{number}. Jibu": value for number, value in enumerate(VALUES, 1)}
        self.screens[name] = {"menu": "Swali", "save": name, "choose": lines}
        if self.within and self.draw(st.integers(0, 3)) == 0:
            self.screens[name]["go"] = {"5. Upya": "restart"}
        self.asked.append((name, VALUES))

    def ask_skip(self, name: str) -> None:
        self.ask_choose(name)
        self.screens[name]["skip"] = "6. Ruka"

    def ask_input(self, name: str) -> None:
        self.screens[name] = {"input": "Andika", "save": name, "check": {"letters": 300}}
        self.asked.append((name, ()))

    def ask_full(self, name: str) -> None:
        more = f"{name}_more"
        self.ask_input(name)
        self.screens[name]["full"] = more
        lines = {"1. Endelea": "next", "2. Ongeza": f"add {name}", "3. Upya": f"change {name}"}
        self.screens[more] = {"menu": "Umeandika", "go": lines}

    def ask_search(self, name: str) -> None:
        """A list that may find nothing, with a way to say so that settles an older answer."""
        texts = [known for known, values in self.asked if not values and known in self.screens]
        if not texts:
            return self.ask_input(name)
        nothing = f"{name}_none"
        text = self.one(*texts)
        self.screens[name] = {"list": "Chagua", "from": {"institutions": {"matching": text}}, "most": 5}
        self.screens[name] |= {"save": name, "none": nothing, "go": {"9. Tena": f"change {text}"}}
        lines: Block = {"1. Tena": f"change {text}"}
        settled = [known for known, values in self.asked if values]
        if settled:
            lines["2. Sijui"] = {"set": {self.one(*settled): self.one(*VALUES)}}
        self.screens[nothing] = {"menu": "Hakuna", "go": lines}
        self.asked.append((name, ()))
        return None

    def ask_regions(self, name: str) -> None:
        self.screens[name] = {"list": "Chagua", "from": "regions", "save": name}
        self.asked.append((name, ()))

    def ask_councils(self, name: str) -> None:
        """A list on the ground of an older answer."""
        regions = [known for known, _ in self.asked if self.screens.get(known, {}).get("from") == "regions"]
        if not regions:
            return self.ask_regions(name)
        self.screens[name] = {"list": "Chagua", "from": {"councils": {"region": self.one(*regions)}}, "save": name}
        self.asked.append((name, ()))
        return None

    def ask_office(self, name: str) -> None:
        """A list whose rows save a second answer, that of a question asked before where there is one."""
        regions = [known for known, _ in self.asked if self.screens.get(known, {}).get("from") == "regions"]
        save = {name: "code", self.one(*regions, f"{name}_region"): "region"}
        source = {"institutions": {"kind": "regional_secretariat"}}
        self.screens[name] = {"list": "Chagua", "from": source, "row": "{region}", "save": save}
        self.asked += [(one, ()) for one in save if one not in dict(self.asked)]

    def ask_shared(self, name: str) -> None:
        """A question that saves what another one saves; who is asked first has answered both."""
        self.ask_choose(name)
        others = [known for known, values in self.asked[:-1] if values]
        if others:
            self.asked.pop()
            self.screens[name]["save"] = self.one(*others)

    def ask_offer(self, name: str) -> None:
        """An offer; where it may find nothing, another that always finds."""
        if not self.asked:
            return self.ask_input(name)
        ground = self.one(*self.asked)[0]
        lines = {"1. Ndiyo": "accept", "2. Tena": f"change {ground}"}
        sure: Block = {"offer": {name: {"desk_for": [ground]}}, "menu": "Hii?", "go": lines}
        self.screens[name] = sure
        if self.draw(st.booleans()):
            self.screens[f"{name}_desk"] = sure
            topic = self.one(*self.asked)[0]
            self.screens[name] = {**sure, "offer": {name: {"for": [topic, ground]}}, "none": f"{name}_desk"}
        self.asked.append((name, ()))
        return None

    def changes(self) -> None:
        """Lines by which a question changes any other, one that comes later too, or a sub-form that is not its own."""
        named = sorted({name for name, _ in self.asked} | self.forms.keys() - {"main"} | self.saved)
        for screen in self.screens.values():
            if "choose" in screen and named and self.draw(st.integers(0, 2)) == 0:
                screen["go"] = {**screen.get("go", {}), "7. Badili": f"change {self.one(*named)}"}

    def review(self) -> None:
        """The last look, with a change of everything."""
        lines: Block = {"1. Tuma": "send"}
        named = sorted({name for name, _ in self.asked} | {name for name in self.forms if name.startswith("sub_")})
        for number, name in enumerate(named, 2):
            lines[f"{number}. Badili"] = f"change {name}"
        self.screens["review"] = {"menu": "Hakiki", "go": {**lines, "99. Acha": "leave"}}


@st.composite
def menus(draw: st.DrawFn, given: bool = False, wild: bool = False, onward: bool = False) -> str:
    """The file of one generated service. `given`: a line of its start brings the form an answer. `wild`: questions may
    change others, later ones too. `onward`: its acts lead on."""
    menu = Menu(draw)
    menu.forms["main"] = {"ask": [*menu.items(0), "review"]}
    if wild:
        menu.changes()
    menu.review()
    doors: Block = {"1. Anza": "main"}
    chosen = [name for name, values in menu.asked if values]
    if given and chosen:
        doors["2. Anza na jibu"] = {"set": {menu.one(*chosen): menu.one(*VALUES)}, "go": "main"}
    return written(menu.forms, {"home": {"menu": "Karibu", "go": doors}, **menu.screens}, onward)


def written(forms: Block, screens: Block, onward: bool = False) -> str:
    """The file of a service with these forms and screens; what every service has stands around them. `onward`: what an
    act of a form leads to may be left again: back, on, and into the form anew."""
    frame = _frame()
    around = {name: frame["screens"][name] for name in ("resume", "last", "too_many", "busy", "sorry")}
    ends = {"limit", "hour", "failed", "cancelled", "in_doubt"}
    actions = {
        "send": {"do": "submit", "ok": "sorry", **dict.fromkeys(sorted(ends), "sorry")},
        "leave": {"do": "cancel", "ok": "home", "sent": "sorry", "in_doubt": "sorry"},
    }
    if onward:
        around |= {"sent": {"menu": "Imefika", "go": {"1. Zaidi": "about", "2. Tena": "main"}}}
        around |= {"about": {"menu": "Habari", "go": {"1. Imefika": "sent", "2. Tena": "main"}}}
        actions["send"] |= {"ok": "sent", "failed": "about", "hour": "main"}
        actions["leave"] |= {"sent": "about"}
    whole = {**frame, "forms": forms, "screens": {**around, **screens}, "actions": actions}
    return yaml.dump(whole, Dumper=_Plain, sort_keys=False, width=10000)


@cache
def _frame() -> Block:
    frame: Block = yaml.safe_load((Path(__file__).parent / "base/demo/service.yaml").read_text())
    return {name: block for name, block in frame.items() if name not in ("first", "dial")}


class _Plain(yaml.SafeDumper):
    """Writes a block that stands twice twice: the language has no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def edition_of(text: str) -> Edition | None:
    """The edition of a generated file, without the lines that may find nothing to ask; `None` where it is none."""
    for _ in range(9):
        edition = _edition(text)
        wrong = {fault.line for fault in unasked(edition.services["demo"])} if edition else set()
        if not wrong:
            return edition
        text = "\n".join(line for number, line in enumerate(text.split("\n"), 1) if number not in wrong)
    return None


def _edition(text: str) -> Edition | None:
    faults: list[Fault] = []
    try:
        service = read_service([load_text(text, "generated.yaml")], faults)
    except MenuError:  # a block that lost all its lines
        return None
    if not faults:
        check_names(service, None, ("sw",), faults)
    if faults:
        return None
    data = {"demo": shipped().data["emrejesho"]}
    codes, paths = {"*1#": "demo"}, {"demo": ("*1#", ())}
    languages = {"demo": ("sw",)}
    return Edition(
        b"", {"demo": compile_service(service)}, codes, _wordless(), languages, data, {}, country(), {}, paths
    )


@cache
def _wordless() -> Catalog:
    return Catalog({("sw", "demo"): PoFile(Path("no-such.po"), "sw")})
