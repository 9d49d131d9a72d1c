// The editor of queries, on top of a form that works without it: colours, the place of a mistake, and names to choose with Ctrl-Space.
// The field stays in the form, out of sight, and always holds what the editor holds, so that the form is sent as ever.
'use strict';

const MOST = 12; // names that are offered at once: no more than are seen without scrolling, the rest by writing on
const field = document.getElementById('query');
const label = document.getElementById('query-label');
const box = document.createElement('div');
field.before(box);

Yasqe.defaults.autocompleters = []; // those that come with it ask other hosts, offer prefixes that are not ours, and keep them in the browser

// The editor takes a prefix that the query does not declare for a mistake; those that the page lists are none.
Yasqe.defineMode('sparql-here', config => {
  const mode = Yasqe.getMode(config, 'sparql11');
  const known = [...document.querySelectorAll('#prefixes tr')].map(row => [...row.querySelectorAll('code')].map(cell => cell.textContent));
  const prefixes = known.filter(cells => cells.length).map(([prefix, space]) => [prefix.slice(0, -1), space]);
  return { ...mode, startState: () => ({ ...mode.startState(), prefixes: Object.fromEntries(prefixes) }) };
});

const editor = new Yasqe(box, {
  mode: 'sparql-here',
  value: field.value,
  inputStyle: 'contenteditable', // what is written is text that a screen reader finds; the other way has one line of it at a time
  viewportMargin: Infinity, // all of it
  editorHeight: '', // as high as the query: see sparql.css
  resizeable: false, // by the pointer only
  showQueryButton: false, // the form has one
  createShareableLink: null, // the page has one
  consumeShareLink: null,
  persistenceId: null, // nothing is kept in the browser
  highlightSelectionMatches: null,
  extraKeys: {
    Tab: false, // the keys that leave a field leave this one (WCAG 2.1.2)
    'Shift-Tab': false,
    'Ctrl-S': false,
    'Ctrl-Space': complete,
    'Ctrl-Enter': () => field.form.requestSubmit(),
    'Cmd-Enter': () => field.form.requestSubmit(),
  },
});

for (const [name, value] of Object.entries({ id: 'query-editor', role: 'textbox', 'aria-multiline': 'true', 'aria-labelledby': label.id })) {
  editor.getInputField().setAttribute(name, value);
}
for (const name of ['aria-invalid', 'aria-describedby']) {
  if (field.hasAttribute(name)) editor.getInputField().setAttribute(name, field.getAttribute(name));
}
editor.on('change', () => { field.value = editor.getValue(); });
label.addEventListener('click', () => editor.focus());
if (field.dataset.line) editor.getDoc().setCursor(field.dataset.line - 1, field.dataset.column - 1); // where the mistake is
field.hidden = true;

let asked; // what can be completed, asked for once
function names() {
  asked ??= fetch(field.dataset.names).then(answer => answer.ok ? answer.json() : []).catch(() => []);
  return asked;
}

editor.on('focus', names); // so that they are there when they are wanted

async function complete() {
  const found = await names();
  editor.showHint({ hint: () => hints(found), completeSingle: false, closeCharacters: /[\s>"]/, container: editor.rootEl });
  box.querySelector('.CodeMirror-hints')?.setAttribute('aria-label', 'Names');
}

// Names that begin with what is before the cursor, then those that have it elsewhere, also in their label.
function hints(found) {
  const { line, ch } = editor.getDoc().getCursor();
  const before = editor.getDoc().getLine(line).slice(0, ch).match(/[\w-]*:?[\w-]*$/)[0];
  const wanted = before.toLowerCase();
  const begin = [], others = [];
  for (const one of found) {
    const name = one.name.toLowerCase();
    if (name.startsWith(wanted)) begin.push(one);
    else if (name.includes(wanted) || one.label.toLowerCase().includes(wanted)) others.push(one);
  }
  const list = [...begin, ...others].slice(0, MOST).map(one => ({ text: one.name, displayText: `${one.name}  ${one.label}` }));
  return { list, from: { line, ch: ch - before.length }, to: { line, ch } };
}
