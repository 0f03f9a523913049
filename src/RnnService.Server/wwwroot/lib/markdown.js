// The little Markdown that a model's card is written in, as elements: headings, paragraphs, lists, tables, code, bold and links to the web.
// What it does not know stands there as it was written; nothing of it is ever read as HTML.

import { h } from './dom.js';

/** @param {string} source @returns {HTMLElement[]} */
export function markdown(source) {
    const lines = source.replaceAll('\r\n', '\n').split('\n');
    const found = [];
    for (let at = 0; at < lines.length;) {
        const [element, next] = block(lines, at);
        if (element)
            found.push(element);
        at = next;
    }
    return found;
}

function block(lines, at) {
    const line = lines[at];
    const take = matches => {
        let end = at;
        while (end < lines.length && matches(lines[end]))
            end++;
        return [lines.slice(at, end), end];
    };

    if (line.trim() === '')
        return [null, at + 1];
    if (/^```/.test(line)) {
        const closing = lines.findIndex((other, i) => i > at && /^```\s*$/.test(other));
        const end = closing < 0 ? lines.length : closing;
        return [code(lines.slice(at + 1, end)), end + 1];
    }
    if (/^ {4}/.test(line)) {
        const [inside, end] = take(other => /^ {4}/.test(other));
        return [code(inside.map(other => other.slice(4))), end];
    }
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (heading)
        return [h(`h${Math.min(6, heading[1].length + 3)}`, { dir: 'auto' }, spans(heading[2])), at + 1];
    if (/^\|/.test(line)) {
        const [rows, end] = take(other => /^\|/.test(other));
        return [table(rows), end];
    }
    if (/^[-*] /.test(line)) {
        const [items, end] = take(other => /^([-*] | {2,}\S)/.test(other));
        return [h('ul', null, joined(items).map(item => h('li', { dir: 'auto' }, spans(item)))), end];
    }
    const [words, end] = take(other => other.trim() !== '' && !/^(\||#{1,6}\s|```|[-*] )/.test(other));
    return [h('p', { dir: 'auto' }, spans(words.join(' '))), end];
}

const code = lines => h('pre', { tabindex: 0, 'aria-label': 'Code' }, h('code', null, lines.join('\n')));

/** Lines of a list that go on in the next one. */
function joined(lines) {
    const items = [];
    for (const line of lines) {
        if (/^[-*] /.test(line))
            items.push(line.slice(2));
        else
            items[items.length - 1] += ` ${line.trim()}`;
    }
    return items;
}

function table(lines) {
    const rows = lines.filter(line => !/^[|\s:-]+$/.test(line) || !line.includes('-')).map(cells);
    const head = rows[0].some(cell => cell !== '') && lines.length > rows.length ? rows.shift() : null;
    const body = rows.filter(row => row.some(cell => cell !== ''));
    return h('div', { class: 'scroll' }, h('table', null,
        head && h('thead', null, h('tr', null, head.map(cell => h('th', { scope: 'col', dir: 'auto' }, spans(cell))))),
        h('tbody', null, body.map(row => h('tr', null, row.map((cell, i) =>
            head || i > 0 ? h('td', { dir: 'auto' }, spans(cell)) : h('th', { scope: 'row', dir: 'auto' }, spans(cell))))))));
}

const cells = line => line.trim().replace(/^\||\|$/g, '').split('|').map(cell => cell.trim());

/** What stands within a line: `code`, **bold** and [links](https://…). */
function spans(text) {
    const parts = [];
    let last = 0;
    for (const match of text.matchAll(/`([^`]+)`|\*\*(.+?)\*\*|\[([^\]]+)\]\(([^)\s]+)\)/g)) {
        parts.push(text.slice(last, match.index));
        const [whole, code, bold, label, address] = match;
        if (code !== undefined)
            parts.push(h('code', null, code));
        else if (bold !== undefined)
            parts.push(h('b', null, spans(bold)));
        else
            parts.push(/^https?:\/\//.test(address) ? h('a', { href: address, rel: 'noopener noreferrer', target: '_blank' }, label) : label);
        last = match.index + whole.length;
    }
    return [...parts, text.slice(last)];
}
