// Speech and numbers: what is spoken into the microphone or dropped in as a file, or numbers that are pasted, and what a model makes of them.

import { post } from '../lib/api.js';
import { announce, debounce, field, h, kept, replace } from '../lib/dom.js';
import { showProblem } from '../lib/problem.js';
import { plural } from '../lib/text.js';
import { fileField } from './file-field.js';
import { newestCall } from './newest.js';
import { answerView, routes } from './numbers-answer.js';
import { openMicrophone, openStream, samplesOf } from './numbers-listen.js';
import { madeUp, readTable } from './numbers-table.js';
import { waveView } from './numbers-wave.js';

const pauseInTyping = 300; // milliseconds

export default function render(root, context) {
    const state = kept('numbers', { csv: '' });
    const picker = context.picker(modelChanged);
    let before = null, opening = false, listening = null; // the model before; whether the microphone is being opened, and how to stop it
    const problems = h('div');
    const answer = answerView();
    const wave = waveView();
    const section = h('section', { class: 'card stack', 'aria-label': 'Answer' }, wave.element, answer.element);
    const calls = newestCall(problems, section);

    const listen = h('button', { type: 'button', class: 'primary', onclick: () => listening ? listening() : hear() }, 'Listen');
    const about = h('p', { class: 'muted' });
    const speech = h('div', { class: 'stack' }, h('div', { class: 'row' }, listen, about));
    speech.append(fileField('Or a recording, chosen or dropped here (.wav)', '.wav,audio/wav', speech, readSound));

    const csv = h('textarea', { class: 'code', rows: 7, spellcheck: 'false', dir: 'ltr', value: state.value.csv, oninput: typed });
    const hint = h('small', { id: 'numbers-hint' });
    const table = h('div', { class: 'stack' }, h('div', null, field('Numbers, a step a line', csv), hint));
    csv.setAttribute('aria-describedby', hint.id);
    table.append(h('div', { class: 'row file-row' },
        fileField('Or a table, chosen or dropped here (.csv, .tsv)', '.csv,.tsv,.txt,text/csv', table, async file => set(await file.text())),
        h('button', { type: 'button', onclick: () => set(madeUp(picker.card.numbers)) }, 'Make some up')));
    const readSoon = debounce(readNumbers, pauseInTyping);

    /** Begins with something else. @returns {AbortSignal} aborted once that is not the newest either: what comes later for it is not shown */
    function begin(card, text) {
        listening?.();
        const signal = calls.begin();
        answer.clear(card, text);
        wave.begin(1);
        section.hidden = !card.numbers.audio; // of a table until there is something to draw
        return signal;
    }

    function modelChanged(card) {
        const { features, names, audio } = card.numbers;
        begin(card);
        speech.hidden = wave.element.hidden = !audio;
        table.hidden = Boolean(audio);
        if (audio) {
            about.textContent = `It hears ${audio.sample_rate / 1000} kHz; other sound is converted. What is said goes to this service alone.`;
        } else {
            hint.textContent = `${plural(features, 'number')} a step${names.length > 0 ? `: ${names.join(', ')}. Of a table with these names in its first line no other column is read` : ''}.`;
            const untouched = csv.value.trim() === '' || before && csv.value === madeUp(before);
            set(untouched ? madeUp(card.numbers) : csv.value);
            before = card.numbers;
        }
    }

    /** Listens until it is told to stop, while the service answers. */
    async function hear() {
        if (opening)
            return;
        const card = picker.card, signal = begin(card, 'Listening …');
        opening = true; // a button that is switched off would lose the focus
        let microphone;
        try {
            microphone = await openMicrophone(piece => {
                wave.add(piece);
                stream.send(piece);
            });
        } catch (problem) {
            if (!signal.aborted) {
                answer.clear(card);
                showProblem(problems, problem, { title: 'The microphone cannot be used', retry: hear });
            }
            return;
        } finally {
            opening = false;
        }

        if (signal.aborted)
            return microphone.close();
        wave.begin(microphone.rate);
        const stream = openStream(card.name, microphone.rate, said => signal.aborted || heard(said));
        const stop = listening = () => {
            microphone.close();
            stream.end();
            listening = null;
            listen.textContent = 'Listen';
        };
        listen.textContent = 'Stop';
        announce('Listening');
        try {
            await stream.ended;
        } catch (problem) {
            if (!signal.aborted)
                showProblem(problems, problem, { retry: hear });
        }
        if (listening === stop)
            stop();
    }

    function heard(said) {
        wave.mark(said.symbols ?? []);
        answer.show(said);
    }

    /** The service reads the file itself; the browser only draws it. */
    function readSound(file) {
        const card = picker.card, { name, task } = card;
        begin(card);
        const query = new URLSearchParams({ model: name, ...task === 'transcriber' && { details: true } });
        calls.run(options => {
            samplesOf(file).then(sound => sound && !options.signal.aborted && wave.draw(sound.rate, sound.samples));
            return post(`${routes[task]}?${query}`, new Blob([file], { type: 'audio/wav' }), options);
        }, heard);
    }

    function set(text) {
        csv.value = text;
        typed();
    }

    function typed() {
        state.value.csv = csv.value;
        state.save();
        readSoon();
    }

    function readNumbers() {
        const card = picker.card, { name, task, numbers } = card;
        if (numbers.audio)
            return;
        begin(card);
        const { values, problem } = readTable(csv.value, numbers);
        if (problem)
            replace(problems, h('p', { class: 'warning', role: 'status' }, problem));
        else if (values.length > 0) {
            section.hidden = false;
            answer.draw(values);
            calls.run(options => post(routes[task], { model: name, inputs: { values } }, options), answer.show);
        }
    }

    /** Stops listening; what was heard, or went wrong, is there to come back to. */
    function leave() {
        if (opening)
            begin(picker.card);
        listening?.();
    }

    root.append(h('div', { class: 'card stack' }, picker.element, speech, table), problems, section);
    modelChanged(picker.card);
    return { leave };
}
