// Search where there is no server: in the file that `wherefrom.search.site_index` writes, whose addresses are relative to it.
'use strict';

const indexes = {};

function wordsOf(text) {
  return text.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '').match(/[\p{L}\p{N}]+/gu) || [];
}

function indexAt(address) {
  const place = new URL(address, document.baseURI);
  return indexes[place] ||= fetch(place).then(answer => answer.json()).then(({ types, things }) => things.map(([type, page, label, more]) =>
    ({ kind: types[type], page: new URL(page, place).href, label, own: ` ${wordsOf(label).join(' ')}`, all: ` ${wordsOf(label).join(' ')} ${more}` })));
}

// What has all words, or longer ones that begin so: first what is called so, then what begins so, then the shortest names.
async function searchSite(address, text) {
  const words = wordsOf(text), whole = ` ${words.join(' ')}`;
  const rank = one => (one.own === whole ? 0 : one.own.startsWith(whole) ? 1 : words.every(word => one.own.includes(` ${word}`)) ? 2 : 3);
  const found = words.length ? (await indexAt(address)).filter(one => words.every(word => one.all.includes(` ${word}`))) : [];
  return found.map(one => [rank(one), one]).sort(([a, one], [b, other]) => a - b || (a > 0 && one.own.length - other.own.length)).map(([, one]) => one);
}

// The page of results: fills <section data-results> from ?q= with a list for each kind.
async function showResults(section) {
  const text = new URLSearchParams(location.search).get('q') || '';
  if (!text.trim()) return;
  document.querySelectorAll('input[name=q]').forEach(field => { field.value = text; });
  const found = await searchSite(section.dataset.index, text);
  const count = document.createElement('p');
  count.setAttribute('role', 'status');
  count.textContent = `${found.length} ${found.length === 1 ? 'thing' : 'things'} with “${text}”`;
  section.replaceChildren(count);
  for (const kind of new Set(found.map(one => one.kind))) {
    const same = found.filter(one => one.kind === kind), heading = document.createElement('h2'), list = document.createElement('ul');
    heading.textContent = `${kind[0].toUpperCase()}${kind.slice(1).replaceAll('-', ' ')} (${same.length})`;
    list.append(...same.map(one => {
      const item = document.createElement('li'), link = document.createElement('a');
      link.href = one.page;
      link.textContent = one.label;
      item.append(link);
      return item;
    }));
    section.append(heading, list);
  }
}

document.querySelectorAll('[data-results]').forEach(showResults);
