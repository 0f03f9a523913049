// Look inside: what the units and gates of a network do over a text.

import { post } from '../lib/api.js';
import { field, h, kept, replace, select } from '../lib/dom.js';
import { codePoints, count, plural } from '../lib/text.js';
import { gradientView } from './inside-gradients.js';
import { heatMap } from './inside-heatmap.js';
import { unitSearch } from './inside-search.js';
import { showUnit } from './inside-unit.js';
import { receiver, textForm } from './text-form.js';
import { tokenFeatures } from './token-features.js';

const page = 64; // units a request
const mostTokens = 1000; // the service's own limit unless it was set otherwise

const sentence = 'The old sailor, who had seen 3 wars, said that he would not go home before the rain stopped.';
const play = 'MENENIUS:\nWhat then? The city waits, and we two stand\nHere at the gate. Go, tell them I have come!\n\n'
    + 'First Citizen:\nWe are not safe, you said. Was that in jest?\nNo more of this: to Rome, and there we rest.\n';

const beginning = { layer: 0, direction: null, kind: 'hidden', firstUnit: 0, unit: null, at: null };
const state = kept('inside', { text: null, ...beginning });
const settings = state.value;

export default function render(root, context) {
    const picker = context.picker(modelChanged);
    let read = null; // { text, model, tokens, features }: the text as the model read it
    let answer = null; // of the last request

    const size = h('p', { class: 'muted footnote' });
    const controls = h('div', { class: 'row inside-controls' });
    const map = heatMap(unit => set({ unit }, showPicked));
    const activity = h('section', { class: 'card', 'aria-label': 'Activity', hidden: true }, h('div', { class: 'stack' }, controls, map.element));
    const unitPlace = h('section', { class: 'card stack', 'aria-label': 'Unit', hidden: true });
    const search = unitSearch({
        page,
        what: () => read && { read, body: { ...request(), inputs: read.text }, units: answer.hidden_size, title: title(answer.activations) },
        onUnit: unit => set({ unit, firstUnit: unit - unit % page }, form.send),
    });
    const gradients = gradientView(() => read, settings, state.save);
    const form = textForm({ label: 'Text', text: settings.text, card: picker.card, example, busy: activity, changed, ask, show });

    root.append(picker.element, ...form.parts, size, activity, unitPlace, search.element, gradients.element);
    form.send();
    return receiver(picker, form);

    /** A token or a unit that was picked in one text is none of another. */
    function changed(text) {
        search.reset();
        set({ text, at: null });
    }

    function modelChanged(card) {
        Object.assign(settings, beginning);
        form.modelChanged(card);
    }

    function set(changes, then) {
        Object.assign(settings, changes);
        state.save();
        then?.();
    }

    function request() {
        const { layer, direction, kind } = settings;
        return { model: picker.card.name, inputs: form.text, parameters: { layer, of: kind, ...direction && { reverse: direction === 'reverse' } } };
    }

    function ask(text, call) {
        showSize(text);
        const { parameters, ...body } = request();
        return post('inspect', { ...body, parameters: { ...parameters, first_unit: settings.firstUnit, units: page } }, call);
    }

    /** Says roughly how long a text is, and before an answer that it is too long. */
    function showSize(text) {
        const words = /[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}]/gu;
        const tokens = (picker.card.tokenizer === 'characters' ? codePoints(text) : text.match(words) ?? []).length;
        size.textContent = `About ${plural(tokens, 'token')}; the service looks at ${count(mostTokens)} at most, ${page} units at a time.`;
        size.classList.toggle('inside-long', tokens > mostTokens);
    }

    function show(text, next) {
        answer = next;
        activity.hidden = answer === null;
        if (answer === null) {
            read = null;
            unitPlace.hidden = true;
        } else {
            const { model, tokens, activations } = answer;
            const known = read?.text === text && read.model === model;
            if (!known)
                read = { text, model, tokens, features: tokenFeatures(text, tokens) };
            showControls();
            map.draw(read.tokens, activations);
            showPicked();
            if (known)
                return;
        }
        gradients.ask();
    }

    function showControls() {
        const { layers, directions, kinds, hidden_size: units, activations } = answer;
        const { first_unit: first, of, layer, direction, values } = activations;
        const focused = document.activeElement?.dataset.control;
        const choice = (name, label, options, value, read = option => option) => options.length > 1
            && field(label, select(options, value, picked => change({ [name]: read(picked) }), { dataset: { control: name } }));
        const turn = (name, label, firstUnit) => units > page && h('button', {
            type: 'button', dataset: { control: name }, disabled: firstUnit < 0 || firstUnit >= units, onclick: () => set({ firstUnit }, form.send),
        }, label);

        replace(controls,
            choice('kind', 'Activity of', kinds, of),
            choice('layer', 'Layer', [...Array(layers).keys()], layer, Number),
            choice('direction', 'Direction', directions, direction),
            h('div', { class: 'row inside-pages' },
                turn('before', 'Units before', first - page),
                h('span', { class: 'number' }, `Units ${first} to ${first + (values[0]?.length ?? 0) - 1} of ${units}`),
                turn('after', 'Units after', first + page)));
        controls.querySelector(`[data-control="${focused}"]`)?.focus();
    }

    function change(changes) {
        search.reset();
        set(changes, form.send);
    }

    function showPicked() {
        const { activations } = answer;
        const row = settings.unit === null ? -1 : settings.unit - activations.first_unit;
        const shown = row >= 0 && row < (activations.values[0]?.length ?? 0);
        unitPlace.hidden = !shown;
        map.mark(shown ? settings.unit : null);
        if (shown)
            showUnit(unitPlace, read, {
                name: `Unit ${settings.unit}`, title: title(activations), kind: activations.of, track: activations.values.map(values => values[row]),
                onClose: () => set({ unit: null }, showPicked),
            });
    }
}

/** Something to look at: a language model's own examples are often a word or two. */
function example({ task, examples }) {
    const long = examples.find(text => task !== 'language_model' || codePoints(text).length > 60);
    return long ?? (task === 'language_model' ? play : sentence);
}

const title = ({ of, layer, direction }) => `${of}, layer ${layer}, ${direction}`;
