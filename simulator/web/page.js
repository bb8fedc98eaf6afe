"use strict";
/* Shows a room as the server tells it, and tells the server what is done. Nothing is kept here but what is typed. */

const $ = (id) => document.getElementById(id);
const PAGES = ["help", "sms", "desk", "trouble", "phones", "wire", "transcript"];
const KEPT = "ussd-engine-seat";
let socket, words = {}, state = null, page = "help", act = null, tries = 0, ended = false, sent = null;

/* small parts */

function make(tag, about = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(about)) {
    if (name === "do") made.addEventListener("click", value);
    else if (name === "class") made.className = value;
    else made.setAttribute(name, value);
  }
  made.append(...inside.filter((one) => one !== "" && one !== null));
  return made;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/* Renew only what is another one, so that focus and what is read aloud stay where they are. */
function renew(element, about, ...inside) {
  const now = JSON.stringify([about, words]);
  if (element.shown === now) return;
  const held = element.contains(document.activeElement) ? document.activeElement.dataset.name : undefined;
  element.shown = now;
  element.replaceChildren(...inside.flatMap((one) => one()));
  if (held !== undefined) [...element.querySelectorAll("[data-name]")].find((one) => one.dataset.name === held)?.focus();
}

function choice(one, verb, toggles) {
  const button = make("button", { type: "button", "data-name": one.name, do: () => ask(verb, { name: one.name }) }, one.label);
  if (toggles) button.setAttribute("aria-pressed", one.on);
  if (one.key) {
    button.dataset.hotkey = one.key;
    button.setAttribute("aria-keyshortcuts", one.key);
  }
  return button;
}

/* the line to the server */

function ask(verb, about = {}) {
  const open = socket?.readyState === WebSocket.OPEN;
  if (open) socket.send(JSON.stringify({ do: verb, ...about }));
  return open;
}

function connect() {
  const address = new URL("room", location.href);
  address.protocol = address.protocol.replace("http", "ws");
  address.searchParams.set("seat", sessionStorage.getItem(KEPT) ?? "");
  socket = new WebSocket(address);
  socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  socket.addEventListener("close", gone);
}

function gone() {
  if (ended) return;
  tries += 1;
  if (words.ended) put($("note"), words.ended);
  document.body.classList.add("gone");
  setTimeout(connect, Math.min(5000, 500 * tries));
}

function hear(told) {
  if (told.over) return over(told);
  tries = 0;
  document.body.classList.remove("gone");
  if (told.seat) sessionStorage.setItem(KEPT, told.seat);
  if (told.words) {
    words = told.words;
    document.documentElement.lang = told.language;
    speak();
  }
  const before = state;
  state = told.state;
  show(before);
}

function over(told) {
  ended = true;
  sessionStorage.removeItem(KEPT);
  const box = $("over"), button = box.querySelector("button");
  put(box.querySelector("p"), told.over);
  put(button, told.again);
  button.onclick = () => { box.close(); ended = false; state = null; connect(); };
  box.oncancel = (event) => event.preventDefault();
  box.showModal();
}

/* words that stand still */

function speak() {
  for (const one of document.querySelectorAll("[data-word]")) put(one, words[one.dataset.word]);
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", words[one.dataset.label]);
  for (const one of document.querySelectorAll("[data-hint]")) one.placeholder = words[one.dataset.hint];
  $("language").lang = document.documentElement.lang === "sw" ? "en" : "sw";
  document.title = words.title;
  renew($("help"), words.lines, () => words.lines.map((line) => make("p", {}, line)));
}

/* the room */

function show(before) {
  put($("top"), state.top.join(" · "));
  put($("note"), state.note);
  for (const one of ["sms", "desk"]) $(`to-${one}`).hidden = !state.own;
  phone(before?.phone);
  put($("unread"), state.unread ? String(state.unread) : "");
  inbox();
  desk();
  renew($("troubles"), state.troubles, () => state.troubles.map((one) => choice(one, "deed", one.toggles)));
  const { hands, deeds, providers } = state.phones;
  renew($("hands"), hands, () => hands.map((one) => choice(one, "take", true)));
  renew($("others"), deeds, () => deeds.map((one) => choice(one, "deed", false)));
  renew($("providers"), providers, () => providers.map((one) => choice(one, "switch", true)));
  const [request, answer] = state.wire;
  put($("request"), request || words.nothing_asked);
  put($("answer"), answer || (request ? words.no_answer : ""));
  transcript();
  if (page === "sms" && seen("page") && state.unread) ask("read");
}

function seen(front) {
  return document.body.dataset.front === front || !matchMedia("(max-width: 56rem)").matches;
}

function phone(before) {
  const now = state.phone, display = $("display"), typed = $("typed"), waits = now.waits;
  if (display.textContent !== now.text) {
    put(display, now.text);
    display.scrollTop = 0;
  }
  display.lang = now.locale;
  display.classList.toggle("network", now.display === "lost" || now.display === "over");
  display.dataset.state = now.display;
  if (before && before.hand !== now.hand) typed.value = "";
  if (before && before.emptied !== now.emptied && sent !== null) {
    if (typed.value === sent) typed.value = "";
    sent = null;
  }
  if (now.refused && now.refused !== before?.refused && !typed.value) sent = typed.value = now.refused;
  typed.readOnly = waits;
  typed.placeholder = waits ? "…" : "";
  put($("call"), now.green);
  $("call").disabled = waits;
  put($("status"), waits ? words.waiting : now.status);
  $("status").classList.toggle("over", now.over);
}

function inbox() {
  $("no-sms").hidden = state.inbox.length > 0;
  const list = $("messages"), open = new Set([...list.querySelectorAll("details[open]")].map((one) => one.dataset.key));
  renew(list, state.inbox, () => state.inbox.map((one) => {
    const reports = one.reports.map(([how, label]) =>
      make("button", { type: "button", "data-name": `${one.key} ${how}`, do: () => ask("report", { at: one.at, name: how }) }, label));
    const details = make("details", { "data-key": one.key }, make("summary", { "data-name": one.key }, words.report), make("div", { class: "choices" }, ...reports));
    details.open = open.has(one.key);
    return make("li", { class: one.mine ? "sms mine" : "sms" },
      make("p", { class: "who" }, [one.hour, one.who, one.report].filter(Boolean).join(" · ")),
      make("p", { class: "text" }, one.text),
      one.silence ? make("p", { class: "soft" }, one.silence) : "",
      reports.length ? details : "");
  }));
}

function desk() {
  const sheet = state.desk;
  $("no-case").hidden = sheet !== null;
  put($("no-case"), state.nothing);
  renew($("case"), sheet, () => sheet === null ? [] : [
    make("p", { class: "number" }, sheet.reference),
    make("p", { class: "soft" }, sheet.about),
    make("p", { class: "state" }, [sheet.state, sheet.due].filter(Boolean).join(" · ")),
    ...(sheet.waits ? [make("p", { class: "soft" }, sheet.waits)] : []),
    sheet.opened ? make("blockquote", {}, sheet.message) : make("p", {}, words.read_first),
    ...sheet.said.map(([day, office, text]) => make("p", {}, make("span", { class: "soft" }, `${day} ${office}: `), text)),
  ]);
  const offers = sheet?.offers ?? [];
  renew($("offers"), offers, () => offers.map((one) =>
    make("button", { type: "button", "data-name": one.name, do: () => choose(one) }, one.label)));
  if (act && !offers.some((one) => one.name === act)) choose(null);
}

function choose(offer) {
  act = offer?.asks ? offer.name : null;
  $("speak").hidden = !act;
  if (act) {
    put($("asks"), offer.asks);
    $("says").focus();
  } else if (offer) ask("act", { name: offer.name });
}

function transcript() {
  const { steps, done, open } = state.transcript, link = $("download");
  put($("done"), open ? open.name : done);
  link.href = steps ? `dialog.yaml?seat=${encodeURIComponent(sessionStorage.getItem(KEPT))}` : "#";
  link.setAttribute("aria-disabled", steps === 0);
  $("step").hidden = !open?.next;
  renew($("steps"), open, () => open === null ? [] : [
    open.found.length ? make("table", {},
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, words.as_written), make("th", { scope: "col" }, words.as_shown))),
      make("tbody", {}, ...open.found.map(([written, seen]) => make("tr", written === seen ? {} : { class: "differs" },
        make("td", {}, written ?? ""), make("td", {}, seen ?? ""))))) : "",
    make("p", {}, open.next),
    make("p", { class: "soft" }, open.note),
  ].filter(Boolean));
}

/* pages */

function turn(name) {
  if (name === "screen") document.body.dataset.front = "phone";
  else {
    page = name;
    document.body.dataset.front = "page";
    if (name === "sms") ask("read");
    if (name === "desk") ask("look");
  }
  mark();
}

function mark() {
  const narrow = matchMedia("(max-width: 56rem)").matches, front = document.body.dataset.front;
  for (const one of PAGES) {
    $(one).hidden = one !== page;
    $(`to-${one}`).setAttribute("aria-current", one === page && !(narrow && front === "phone"));
  }
  $("to-screen").setAttribute("aria-current", front === "phone");
}

/* what a tester does */

function send() {
  const typed = $("typed");
  if (!state?.phone.waits && ask("send", { text: typed.value })) sent = typed.value;
}

/* What was sent stays until it was taken: a key begins anew, but one that mends it. */
function anew(mends) {
  if (sent !== null && sent === $("typed").value && !mends) $("typed").value = "";
  sent = null;
}

function rest() {
  if (["ended", "lost", "over"].includes(state?.phone.display)) ask("key");
}

function press(key) {
  const typed = $("typed");
  if (typed.readOnly || typed.value.length >= typed.maxLength) return;
  anew(false);
  rest();
  typed.value += key;
}

function toPhone() {
  document.body.dataset.front = "phone";
  mark();
  $("typed").focus();
}

/* A trouble by its key, from anywhere but a field for many words. */
function mishap(event) {
  if (!event.altKey || event.ctrlKey || event.metaKey || !state || event.target.matches("textarea")) return false;
  const deeds = [...state.troubles, ...state.phones.deeds];
  const deed = deeds.find((one) => one.key && one.key === `Alt+${event.code.replace("Key", "")}`);
  if (!deed) return false;
  event.preventDefault();
  if (deed.name === "hang_up") $("typed").value = "";
  ask("deed", { name: deed.name });
  return true;
}

document.addEventListener("keydown", (event) => {
  if (!$("over").open && mishap(event)) return;
  if ($("over").open || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape") return toPhone();
  const inText = event.target.matches("input, textarea");
  if (!inText && event.key.length === 1 && event.key !== " ") toPhone();
});
$("entry").addEventListener("submit", (event) => { event.preventDefault(); send(); });
$("typed").addEventListener("beforeinput", (event) => anew(event.inputType.startsWith("delete")));
$("typed").addEventListener("input", rest);
$("keypad").addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]")?.dataset.key;
  if (key) press(key);
});
$("clear").addEventListener("click", () => { anew(true); $("typed").value = $("typed").value.slice(0, -1); });
$("end").addEventListener("click", () => { $("typed").value = ""; ask("hang_up"); });
$("language").addEventListener("click", () => ask("language"));
for (const name of ["screen", ...PAGES]) $(`to-${name}`).addEventListener("click", () => turn(name));
$("write").addEventListener("submit", (event) => {
  event.preventDefault();
  if (ask("write", { text: $("words").value })) $("words").value = "";
});
$("speak").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!$("says").value.trim()) return;
  if (!ask("act", { name: act, text: $("says").value })) return;
  $("says").value = "";
  choose(null);
});
for (const name of ["words", "says"]) $(name).addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.target.form.requestSubmit();
});
$("look").addEventListener("click", () => ask("look"));
$("step").addEventListener("click", () => ask("step"));
$("open").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", async () => {
  const file = $("file").files[0];
  if (file) ask("open", { name: file.name, text: await file.text() });
  $("file").value = "";
});
matchMedia("(max-width: 56rem)").addEventListener("change", mark);
mark();
connect();
if (matchMedia("(pointer: fine)").matches) $("typed").focus();
