// Look inside: what the units and gates of a network do over a text.

import { post } from '../lib/api.js';
import { debounce, field, h, kept, replace } from '../lib/dom.js';
import { modelPicker } from '../lib/models.js';
import { codePoints, count, plural } from '../lib/text.js';
import { gradientView } from './inside-gradients.js';
import { heatMap } from './inside-heatmap.js';
import { unitSearch } from './inside-search.js';
import { showUnit } from './inside-unit.js';
import { newestCall } from './newest.js';
import { showStarters, textForModel } from './starters.js';
import { tokenFeatures } from './token-features.js';

const pauseInTyping = 400; // milliseconds
const unitsAPage = 64;
const mostTokens = 1000; // the service's own limit unless it was set otherwise

const tasks = ['language_model', 'classifier', 'tagger'];
const sentence = 'The old sailor, who had seen 3 wars, said that he would not go home before the rain stopped.';
const play = 'MENENIUS:\nWhat then? The city waits, and we two stand\nHere at the gate. Go, tell them I have come!\n\n'
    + 'First Citizen:\nWe are not safe, you said. Was that in jest?\nNo more of this: to Rome, and there we rest.\n';

const beginning = { layer: 0, direction: null, kind: 'hidden', firstUnit: 0, unit: null, at: null };
const state = kept('inside', { text: null, ...beginning });

let view = null;

export default { id: 'inside', title: 'Look inside', tasks, styles: true, render, receive: what => view.receive(what) };

function render(root) {
    const picker = modelPicker('inside', tasks, modelChanged);
    let card = picker.card;
    let answered = null; // { read: { text, tokens, features }, answer } of the last answer

    const area = h('textarea', { rows: 4, dir: 'auto', spellcheck: 'false', value: startText(state.value.text, null), oninput: typed });
    const size = h('small');
    const starters = h('div', { class: 'starters' });
    const problems = h('div');
    const controls = h('div', { class: 'row inside-controls' });
    const map = heatMap(pickUnit);
    const activity = h('section', { class: 'card stack', 'aria-label': 'Activity', hidden: true }, controls, map.element);
    const unitPlace = h('section', { class: 'card stack', 'aria-label': 'Unit', hidden: true });
    const search = unitSearch({ what: searched, onUnit: goToUnit });
    const gradients = gradientView({ what: () => answered && { text: area.value, model: card.name }, state: state.value, onChange: () => state.save() });
    const calls = newestCall(problems, activity);
    const askSoon = debounce(() => ask(), pauseInTyping);

    root.append(picker.element, field('Text', area), size, starters, problems, activity, unitPlace, search.element, gradients.element);
    view = { receive };
    showStarters(starters, card, setText);
    ask();

    function startText(text, before) {
        const otherwise = card.task === 'language_model' ? play : sentence;
        const example = textForModel([play, sentence].includes(text) ? null : text, before, card, otherwise);
        return card.task === 'language_model' && card.examples.includes(example) && codePoints(example).length < 40 ? otherwise : example;
    }

    function typed() {
        state.value.text = area.value;
        textChanged();
        askSoon();
    }

    function setText(text) {
        area.value = state.value.text = text;
        textChanged();
        ask();
    }

    /** A token that was picked in another text is none of this one. */
    function textChanged() {
        state.value.at = null;
        state.save();
        search.reset();
    }

    function modelChanged(picked) {
        const before = card;
        card = picked;
        Object.assign(state.value, beginning);
        showStarters(starters, card, setText);
        setText(startText(area.value, before));
    }

    /** What another tab hands over. */
    function receive({ text, model }) {
        const select = picker.element.querySelector('select');
        if (model && select && model !== card.name) {
            select.value = model;
            select.dispatchEvent(new Event('change'));
        }
        if (text !== undefined)
            setText(text);
    }

    function request() {
        const { layer, direction, kind } = state.value;
        return { model: card.name, inputs: area.value, parameters: { layer, of: kind, ...direction && { reverse: direction === 'reverse' } } };
    }

    function ask() {
        const text = area.value;
        showSize(text);
        if (text.trim() === '') {
            calls.stop();
            answered = null;
            activity.hidden = unitPlace.hidden = true;
            gradients.clear();
            return;
        }
        const { model, inputs, parameters } = request();
        const first = state.value.firstUnit;
        const units = card.hidden_size ? Math.min(unitsAPage, card.hidden_size - first) : unitsAPage;
        calls.run(
            options => post('inspect', { model, inputs, parameters: { ...parameters, first_unit: first, units } }, options),
            answer => {
                const fresh = answered?.read.text !== text || answered.answer.model !== answer.model;
                const read = fresh ? { text, tokens: answer.tokens, features: tokenFeatures(text, answer.tokens) } : answered.read;
                answered = { read, answer };
                show();
                if (fresh)
                    gradients.ask();
            });
    }

    /** Says roughly how long the text is, and before it is sent that it is too long. */
    function showSize(text) {
        const tokens = card.tokenizer === 'characters' ? codePoints(text).length : (text.match(/[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}]/gu) ?? []).length;
        size.textContent = `About ${plural(tokens, 'token')}; the service looks at ${count(mostTokens)} at most, ${unitsAPage} units at a time.`;
        size.classList.toggle('inside-long', tokens > mostTokens);
    }

    function show() {
        const { read, answer } = answered;
        const { activations } = answer;
        activity.hidden = false;
        showControls(answer);
        map.draw({ tokens: read.tokens, values: activations.values, firstUnit: activations.first_unit, kind: activations.of });
        showPicked();
    }

    function showControls({ layers, directions, kinds, hidden_size: hidden, activations }) {
        const { first_unit: first, of, layer, direction } = activations;
        const shown = activations.values[0]?.length ?? 0;
        const focused = document.activeElement?.closest('.inside-controls') && document.activeElement.dataset.control;
        const choice = (name, label, options, value, set) => options.length > 1 && field(label, h('select', {
            dataset: { control: name }, onchange: event => change(set(event.target.value)),
        }, options.map(option => h('option', { value: option, selected: option === value }, option))));
        const turn = (name, label, to) => h('button', { type: 'button', dataset: { control: name }, disabled: to < 0 || to >= hidden, onclick: () => change({ firstUnit: to, unit: null }) }, label);

        replace(controls,
            choice('kind', 'Activity of', kinds, of, kind => ({ kind })),
            choice('layer', 'Layer', Array.from({ length: layers }, (_, index) => index), layer, value => ({ layer: Number(value), unit: null })),
            choice('direction', 'Direction', directions, direction, value => ({ direction: value, unit: null })),
            h('div', { class: 'row inside-pages' }, hidden > unitsAPage && turn('before', 'Units before', Math.max(first - unitsAPage, first > 0 ? 0 : -1)),
                h('span', { class: 'number' }, `Units ${first} to ${first + shown - 1} of ${hidden}`), hidden > unitsAPage && turn('after', 'Units after', first + unitsAPage)));
        if (focused)
            controls.querySelector(`[data-control="${focused}"]`)?.focus();
    }

    function change(settings) {
        Object.assign(state.value, settings);
        state.save();
        if (!('firstUnit' in settings))
            search.reset();
        ask();
    }

    function pickUnit(unit) {
        state.value.unit = unit;
        state.save();
        showPicked();
        unitPlace.scrollIntoView({ block: 'nearest' });
    }

    /** Goes to a unit that may stand on another page. */
    function goToUnit(unit) {
        state.value.unit = unit;
        change({ firstUnit: Math.floor(unit / unitsAPage) * unitsAPage });
    }

    function showPicked() {
        const { unit } = state.value;
        const { read, answer: { activations } } = answered;
        const row = unit === null ? -1 : unit - activations.first_unit;
        const there = row >= 0 && row < (activations.values[0]?.length ?? 0);
        unitPlace.hidden = !there;
        map.mark(there ? unit : null);
        if (there)
            showUnit(unitPlace, read, { unit, title: title(activations), kind: activations.of, track: activations.values.map(values => values[row]), onClose: () => pickUnit(null) });
    }

    function searched() {
        return answered && { read: answered.read, body: request(), units: answered.answer.hidden_size, page: unitsAPage, title: title(answered.answer.activations) };
    }
}

const title = ({ of, layer, direction }) => `${of}, layer ${layer}, ${direction}`;
