// Suggestions below a search field, on top of a form that works without them (ARIA Authoring Practices: combobox with a listbox).
// The field says where they come from: data-suggest, an address that answers ?q=, or data-index, a file (see search-site.js).
// What is chosen is opened; where the field has data-fill its name is written there instead.
'use strict';

const PAUSE = 120; // milliseconds without a key before anything is asked

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function combobox(field) {
  const list = set(document.createElement('ul'), { id: `${field.id}-list`, role: 'listbox', 'aria-label': 'Suggestions', class: 'suggestions' });
  const status = set(document.createElement('div'), { role: 'status', class: 'hidden' });
  let active = -1, timer = 0, asked = 0;
  list.hidden = true;
  field.after(list, status);
  set(field, { role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': list.id, autocomplete: 'off' });

  function open(suggestions) {
    list.replaceChildren(...suggestions.map((one, at) => {
      const option = set(document.createElement('li'), { id: `${list.id}-${at}`, role: 'option', 'aria-selected': 'false' });
      const kind = document.createElement('small');
      kind.textContent = one.kind.replaceAll('-', ' ');
      option.append(one.label, ' ', kind);
      option.dataset.page = one.page;
      return option;
    }));
    active = -1;
    field.removeAttribute('aria-activedescendant');
    list.hidden = !suggestions.length;
    field.setAttribute('aria-expanded', String(!list.hidden));
    const number = suggestions.length;
    status.textContent = number ? `${number} ${number === 1 ? 'suggestion' : 'suggestions'}` : field.value.trim() && 'No suggestions';
  }

  function close() {
    clearTimeout(timer);
    asked += 1; // an answer that is still under way is too late
    list.hidden = true;
    active = -1;
    field.setAttribute('aria-expanded', 'false');
    field.removeAttribute('aria-activedescendant');
    status.textContent = '';
  }

  async function ask() {
    const number = asked += 1;
    const found = field.value.trim() ? await suggestionsFor(field).catch(() => []) : [];
    if (number === asked) open(found);
  }

  function move(to) {
    const options = list.children;
    if (options[active]) options[active].setAttribute('aria-selected', 'false');
    active = (to + options.length) % options.length;
    options[active].setAttribute('aria-selected', 'true');
    options[active].scrollIntoView({ block: 'nearest' });
    field.setAttribute('aria-activedescendant', options[active].id);
  }

  function choose(option) {
    if (!('fill' in field.dataset)) { location.assign(option.dataset.page); return; }
    field.value = option.dataset.page.slice(1); // the name of the thing, as the form asks for it
    close();
  }

  field.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE); });
  field.addEventListener('blur', close);
  field.addEventListener('keydown', event => {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown' && list.hidden) { event.preventDefault(); ask(); return; }
    if (list.hidden) return;
    if (event.key === 'ArrowDown') { event.preventDefault(); move(active + 1); }
    if (event.key === 'ArrowUp') { event.preventDefault(); move(active < 0 ? -1 : active - 1); }
    if (event.key === 'Escape') { event.preventDefault(); close(); }
    if (event.key === 'Enter' && active >= 0) { event.preventDefault(); choose(list.children[active]); }
  });
  list.addEventListener('pointerdown', event => event.preventDefault()); // the field keeps the focus
  list.addEventListener('click', event => {
    const option = event.target.closest('[role=option]');
    if (option) choose(option);
  });
}

async function suggestionsFor(field) {
  if (field.dataset.index) return (await searchSite(field.dataset.index, field.value)).slice(0, 10);
  const answer = await fetch(`${field.dataset.suggest}?q=${encodeURIComponent(field.value.slice(0, field.maxLength))}`);
  return answer.ok ? (await answer.json()).suggestions : [];
}

document.querySelectorAll('input[data-suggest], input[data-index]').forEach(combobox);
