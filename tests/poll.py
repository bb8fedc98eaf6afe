"""A small service with two forms, for whoever changes menus under dialogs that are under way."""

from __future__ import annotations

POLL = """
service: poll
language: sw
start: door
resume: again
keys: {back: 0. Rudi, more: 98. Zaidi, home: "00"}
tries: 3
too_many: over
system: {fault: sorry, old: over, busy: over, maint: over}
errors: {choice: Chaguo si sahihi., empty: Hujaandika kitu.}
forms:
  poll: {ask: [colour, fruit, place, finish]}
  other: {ask: [animal, finish]}
screens:
  door: {menu: Utafiti, go: {1. Anza: poll, 2. Wanyama: other, 3. Msaada: help}}
  help: {notice: Piga baadaye.}
  again: {menu: Uliacha katikati., go: {1. Endelea: continue, 2. Anza upya: start, 3. Futa: forget}}
  colour: {menu: Rangi gani?, save: colour, choose: {1. Nyekundu: red, 2. Bluu: blue}}
  fruit: {menu: Tunda gani?, save: fruit, choose: {1. Embe: mango, 2. Ndizi: banana}}
  place: {menu: Wapi?, save: place, choose: {1. Bara: inland, 2. Pwani: coast}}
  animal: {menu: Mnyama gani?, save: animal, choose: {1. Simba: lion, 2. Nyati: buffalo}}
  finish: {menu: Tayari., go: {1. Acha: leave}}
  over: {end: Basi.}
  done: {end: "Namba: {ref}\\nPIN: {pin}"}
  sorry: {end: Samahani.}
actions:
  leave: {do: cancel, ok: over, sent: done, in_doubt: over}
"""
