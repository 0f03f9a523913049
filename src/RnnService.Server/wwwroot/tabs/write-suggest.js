// The prompt, and the suggestion that follows it while one types: after each key the service completes a few characters, greedily.

import { isAbort, post } from '../lib/api.js';
import { announce, debounce, h, uniqueId } from '../lib/dom.js';
import { codePoints } from '../lib/text.js';

/** Each key costs as many steps as are read and written, so little is read: enough to know the word. */
const charactersRead = 12;
const tokensWritten = { characters: 8, whitespace: 3, english: 3 };
const keysMeasured = 50;

/**
 * @param {object} options
 * @param {() => import('../lib/models.js').Card} options.card the model that suggests
 * @param {{ prompt: string, suggest: boolean }} options.state changed in place
 * @param {() => void} options.changed keeps the state
 * @param {() => void} options.submit what Ctrl+Enter does
 * @returns {{ element: HTMLElement, set: (text: string) => void, stop: () => void }}
 */
export function promptField({ card, state, changed, submit }) {
    let suggestion = '', current = null;
    const times = [];
    const id = uniqueId('prompt');
    const typed = h('span'), ghost = h('span', { class: 'ghost' });
    const mirror = h('div', { class: 'prompt-mirror', 'aria-hidden': 'true', dir: 'auto' }, typed, ghost, '\u200b');
    const area = h('textarea', {
        id, dir: 'auto', spellcheck: 'false', rows: 4, placeholder: 'Type how a text begins', 'aria-describedby': `${id}-hint`, value: state.prompt, oninput: input, onkeydown: key,
        onkeyup: () => atEnd() || dismiss(), onpointerup: () => atEnd() || dismiss(),
    });
    const accept = h('button', { type: 'button', class: 'quiet', onpointerdown: event => event.preventDefault(), onclick: take }, 'Accept');
    // It keeps its place without a suggestion: what is below would move from under the pointer.
    const offer = h('span', { hidden: !state.suggest }, accept, h('small', null, ' or Tab; Esc dismisses'));
    const measured = h('small', { class: 'number' });
    const toggle = h('input', { type: 'checkbox', id: `${id}-suggest`, checked: state.suggest, onchange: toggled });
    const say = debounce(() => suggestion && announce(`Suggestion: ${suggestion}`), 900);
    const element = h('div', { class: 'field prompt-field' },
        h('label', { for: id }, 'Text to go on from'),
        h('div', { class: 'prompt-box' }, mirror, area),
        h('small', { id: `${id}-hint`, class: 'visually-hidden' }, 'Control and Enter writes on. While a suggestion is shown, Tab accepts and Escape dismisses it.'),
        h('div', { class: 'row suggest-row' },
            h('span', { class: 'check' }, toggle, h('label', { for: `${id}-suggest` }, 'Suggest while I type')), measured, offer));

    const atEnd = () => area.selectionStart === area.value.length;

    function input(event) {
        // Who types what is suggested keeps seeing the rest of it.
        const continued = typed.textContent + suggestion;
        const goesOn = area.value.length > typed.textContent.length && continued.startsWith(area.value);
        state.prompt = area.value;
        changed();
        show(goesOn ? continued.slice(area.value.length) : '');
        if (state.suggest && area.value !== '' && atEnd() && !event?.isComposing)
            ask();
        else
            stop();
    }

    async function ask() {
        stop();
        const own = current = new AbortController();
        const { name, tokenizer } = card();
        const typedAt = performance.now();
        try {
            const answer = await post('generate', {
                model: name,
                inputs: codePoints(state.prompt.slice(-2 * charactersRead)).slice(-charactersRead).join(''),
                parameters: { max_new_tokens: tokensWritten[tokenizer] ?? tokensWritten.characters, do_sample: false },
            }, { signal: own.signal });
            if (current !== own)
                return;
            show(upToLineBreak(answer.generated_text));
            measure(performance.now() - typedAt);
        } catch (problem) {
            if (current === own && !isAbort(problem))
                measured.textContent = problem.passes ? 'the service is busy; the next key tries again' : problem.message;
        }
    }

    function show(text) {
        suggestion = text;
        typed.textContent = area.value;
        ghost.textContent = text;
        offer.style.visibility = text === '' ? 'hidden' : 'visible';
        if (text)
            say();
    }

    function measure(milliseconds) {
        times.push(milliseconds);
        times.splice(0, times.length - keysMeasured);
        const sorted = [...times].sort((a, b) => a - b);
        const at = share => sorted[Math.ceil(share * sorted.length) - 1].toFixed(1);
        measured.textContent = `${at(0.5)} ms a key, p95 ${at(0.95)} ms, of the last ${times.length}`;
    }

    function key(event) {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            dismiss();
            submit();
        } else if (suggestion && event.key === 'Tab' && !event.shiftKey) {
            event.preventDefault();
            take();
        } else if (suggestion && event.key === 'Escape') {
            event.preventDefault();
            dismiss();
        }
    }

    function take() {
        const text = suggestion;
        area.focus();
        area.setSelectionRange(area.value.length, area.value.length);
        // The browser's own undo knows text that is inserted so.
        if (!document.execCommand('insertText', false, text)) {
            area.value += text;
            input();
        }
    }

    function dismiss() {
        stop();
        show('');
    }

    function stop() {
        current?.abort();
        current = null;
    }

    function toggled() {
        state.suggest = toggle.checked;
        offer.hidden = !state.suggest;
        changed();
        measured.textContent = '';
        area.focus();
        if (state.suggest && state.prompt !== '' && atEnd())
            ask();
        else
            dismiss();
    }

    function set(text) {
        dismiss();
        area.value = state.prompt = text;
        typed.textContent = text;
        changed();
    }

    show('');
    return { element, set, stop: dismiss, focus: () => area.focus() };
}

/** A suggestion of more than one line would push the page about while one types. */
function upToLineBreak(text) {
    const end = text.search(/(?<=\S.*)\n/);
    return end < 0 ? text : text.slice(0, end);
}
