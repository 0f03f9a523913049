// Tag: the labels of words and spans, with what else each might have been.

import { post } from '../lib/api.js';
import { copyButton, debounce, field, h, kept, replace } from '../lib/dom.js';
import { paintCategory } from '../lib/colour.js';
import { modelPicker } from '../lib/models.js';
import { showWarning } from '../lib/problem.js';
import { codePoints, count, percent, plural, segments } from '../lib/text.js';
import { popover, tokenList } from '../lib/tokens.js';
import { newestCall } from './newest.js';
import { scoreBars } from './score-bars.js';
import { showStarters, textForModel } from './starters.js';

const pauseInTyping = 300; // milliseconds
const alternatives = 3;
const unsure = 0.6; // spans of a lower score are marked

const state = kept('tag', { text: null });

export default { id: 'tag', title: 'Tag', tasks: ['tagger'], styles: true, render };

function render(root) {
    const picker = modelPicker('tag', ['tagger'], modelChanged);
    let card = picker.card;
    let answered = null; // { text, spans } of the last answer
    const only = new Set(); // labels that are picked in the legend; none are all

    const area = h('textarea', { rows: 3, dir: 'auto', spellcheck: 'false', value: textForModel(state.value.text, null, card), oninput: typed });
    const starters = h('div', { class: 'starters' });
    const problems = h('div');
    const warning = h('div');
    const legend = h('div', { class: 'row tag-legend', role: 'group', 'aria-label': 'Labels: pick those to show' });
    const line = h('p', { class: 'text tag-text', dir: 'auto' });
    const spanOf = new WeakMap(); // by the element that shows it
    const list = tokenList(line, { label: 'Likeliest labels', content: element => scoreBars('Likeliest labels', likeliest(spanOf.get(element))).element });
    const summary = h('p', { class: 'muted' });
    const copies = h('div', { class: 'row' }, copyButton(conll, 'Copy as CoNLL'), copyButton(() => JSON.stringify(answered.spans, null, 2), 'Copy as JSON'));
    const answer = h('section', { class: 'card stack', 'aria-label': 'Tagged text', hidden: true }, legend, line, summary, copies);
    const calls = newestCall(problems, answer);
    const askSoon = debounce(ask, pauseInTyping);

    root.append(picker.element, field('Text', area), starters, problems, warning, answer);
    modelChanged(card);

    function typed() {
        keepText();
        askSoon();
    }

    function keepText() {
        state.value.text = area.value;
        state.save();
    }

    function setText(text) {
        area.value = text;
        keepText();
        ask();
    }

    function modelChanged(picked) {
        const text = textForModel(area.value, card, picked);
        card = picked;
        showStarters(starters, card, setText);
        setText(text);
    }

    function ask() {
        const text = area.value;
        if (text.trim() === '') {
            calls.stop();
            answer.hidden = true;
            return;
        }
        let said = '';
        calls.run(
            options => tag(text, { ...options, onWarning: warned => said = warned }),
            spans => {
                answered = { text, spans };
                showWarning(warning, said);
                show();
            });
    }

    /** With alternatives, or without where the service has none. */
    async function tag(text, options) {
        const body = { model: card.name, inputs: text };
        try {
            return await post('tag', { ...body, parameters: { alternatives } }, options);
        } catch (problem) {
            if (problem.status !== 422)
                throw problem;
            return post('tag', body, options);
        }
    }

    function show() {
        const { text, spans } = answered;
        const counts = Map.groupBy(spans, label);
        for (const name of only)
            if (!counts.has(name))
                only.delete(name);

        popover.hide();
        replace(line, segments(text, spans).map(({ text: piece, span }) => span === null ? piece : spanElement(piece, span)));
        list.refresh();
        replace(legend, [...counts].sort((a, b) => b[1].length - a[1].length).map(([name, { length }]) => paint(h('button', {
            type: 'button', class: 'tag-key', 'aria-pressed': String(only.has(name)), dataset: { label: name }, onclick: () => pick(name),
        }, name, ' ', h('span', { class: 'tag-count' }, count(length))), name)));
        const doubtful = spans.filter(({ score }) => score < unsure).length;
        summary.textContent = spans.length === 0 ? 'Nothing in this text is labelled.'
            : `${plural(spans.length, 'span')}${doubtful > 0 ? `, ${doubtful} of them below ${percent(unsure)} (dashed)` : ''}. Point at one, or move with the arrow keys, to see what else it might be.`;
        answer.hidden = false;
        filter();
    }

    function spanElement(piece, span) {
        const name = label(span);
        const element = h('span', { class: span.score < unsure ? 'token unsure' : 'token', dataset: { label: name }, title: `${name} ${percent(span.score)}` },
            piece, h('small', { class: 'tag-label' }, name));
        spanOf.set(element, span);
        return paint(element, name);
    }

    function pick(name) {
        if (!only.delete(name))
            only.add(name);
        filter();
    }

    function filter() {
        for (const key of legend.children)
            key.setAttribute('aria-pressed', String(only.has(key.dataset.label)));
        for (const span of line.querySelectorAll('.token'))
            span.classList.toggle('passed', only.size > 0 && !only.has(span.dataset.label));
    }

    /** A label's colour is its place among the model's labels; of a label that the card does not have, a hash of its name. */
    function paint(element, name) {
        const groups = [...new Set(card.labels.map(withoutMark))];
        const index = groups.indexOf(name);
        return paintCategory(element, index >= 0 ? index : hash(name));
    }

    /** A word and its label a line, an empty line where the text has a line break. */
    async function conll() {
        const { text } = answered;
        const words = await post('tag', { model: card.name, inputs: text, parameters: { aggregation_strategy: 'none' } });
        const points = codePoints(text);
        return words.map((word, index) => {
            const between = index === 0 ? '' : points.slice(words[index - 1].end, word.start).join('');
            return `${between.includes('\n') ? '\n' : ''}${word.word}\t${label(word)}\n`;
        }).join('');
    }
}

const label = span => span.entity_group ?? span.entity;
const withoutMark = name => name.replace(/^[BIESMLU]-/, '');
const hash = name => codePoints(name).reduce((sum, point) => (sum * 31 + point.codePointAt(0)) % 9973, 7);

const likeliest = span => [{ label: label(span), score: span.score }, ...span.alternatives ?? []]
    .map((entry, index) => ({ name: entry.label, share: entry.score, class: index === 0 ? 'best' : null }));
