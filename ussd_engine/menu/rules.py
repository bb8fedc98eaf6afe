"""The rules that a menu must keep, by name; `ussd-engine check --rules` prints them and every fault names one."""

from __future__ import annotations

from ussd_engine.pofile import RULES as POFILE_RULES

RULES: dict[str, str] = {
    # the file
    "file": "a menu file can be read",
    "size": "a menu file has at most 256 KiB",
    "encoding": "a menu file is UTF-8",
    "syntax": "a menu file is YAML",
    "empty file": "a menu file holds something",
    "block": "a menu file is a block of names and values",
    "one document": "a menu file holds one document",
    "anchors": "no anchors and aliases",
    "tags": "no tags",
    "depth": "at most 20 levels deep",
    "names": "a name is made of small letters, digits and _, a letter first",
    "duplicates": "a name stands once in its block; a screen, a form, an action once in its service",
    "empty value": "a name has a value",
    "quotes": "what YAML would turn into a number, a date or a truth value stands in quotes",
    # the words of the language
    "keys": "only keys that the language knows",
    "missing": "nothing that must stand is missing",
    "shape": "a value has the shape that its key asks for",
    "screen type": "a screen is exactly one of menu, input, list, read, notice, end",
    "screen keys": "a screen has only the keys of its type",
    "lines": 'numbered lines stand as printed: "1. Words"',
    "line numbers": "no number stands twice on a screen",
    "dots": "a registered name holds no dot",
    "targets": "a line, a case, an outcome leads to something that exists",
    "last case": "the last of several cases has no condition",
    "verbs": "a verb has what it takes, and stands where it means something",
    "one name": "a form, a screen and an action do not share a name",
    # forms
    "questions": "a form asks questions and forms that exist",
    "form circle": "no form asks itself",
    "form end": "a question that saves nothing ends its form and stands last",
    "no goto": "inside a form no line leads to another screen, but to a text that is read and left again",
    "conditions": "a condition looks at an answer, a fact and a value that exist",
    "order": "a question's condition looks at answers asked before it",
    "change": "change and add name something that the form asks",
    # the registry
    "actions": "an action is registered",
    "outcomes": "every outcome of an action leads somewhere, and no other",
    "sources": "a list's source is registered and has its arguments",
    "offers": "an offer is registered and has its arguments",
    "checks": "a check is registered and has its bounds",
    "warnings": "a warning is registered and has its words",
    "rows": "what a list or an offer names stands in the service's data",
    "slow": "a list or text that is asked for elsewhere has a slow screen, and no other",
    "none": "a list, an offer says which screen stands for nothing found",
    "columns": "a row has the columns that are saved and shown",
    "types": "what is sent has a type, and each type a row for everybody in deadlines.csv: working days, or none",
    "tables": "the tables of a service's folder can be read, and what they name exists",
    "same row": "no row stands twice in a table",
    # the service
    "services": "a line leads to a service that exists, and every service has a line",
    "mount": "the code that is dialled leads to a service that exists",
    "system screens": "the screens that the engine shows by itself are of the right type",
    "language": "the service's language and those of its translations are known",
    # the proofs
    "placeholders": "a placeholder has a value wherever its text stands",
    **POFILE_RULES,
    "errors": "every error line that can be needed has words",
    "words": "every stored answer that is shown has words",
    "fits": "every screen fits on every channel, in every language, with the longest values and each line above; and "
    "every SMS fits one",
    "sms": "a service that sends SMS has words for each that the engine may send, and some of them always stay",
    "keywords": "a keyword stands for one thing that exists; what an SMS can ask for has keywords, or none on purpose",
    "alphabet": "nothing leaves the GSM alphabet",
    "reachable": "every screen, form and action can be reached",
    "way out": "every screen has a way out, in at most two answers",
    "navigation": "no line's number is a navigation key",
    "same value": "no two lines of a screen save the same value",
    "same words": "no two lines that can stand together say the same, in any language",
    "receipt": "the screen after a submission, and `last`, show {ref} and {pin}, each on a line that is always shown",
}
