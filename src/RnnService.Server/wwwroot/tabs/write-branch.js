// One branch: a prompt, the tokens that followed it, and what can be done from there.

import { isAbort, stream } from '../lib/api.js';
import { announce, append, copyButton, h } from '../lib/dom.js';
import { paintSequential } from '../lib/colour.js';
import { models } from '../lib/models.js';
import { clearProblem, showProblem, showWait, showWarning } from '../lib/problem.js';
import { count, percent, plural, spokenForm, visibleForm } from '../lib/text.js';
import { popover, tokenList } from '../lib/tokens.js';

const alternativesShown = 5;

/** Surprise, in nats, that has the strongest colour: a probability below one in a hundred. */
const mostSurprise = 4.6;

const endings = { length: 'as long as asked', eos_token: 'the text ended', stop_sequence: 'a stop text was reached', stopped: 'stopped' };

/**
 * What is kept of a branch.
 * @typedef {object} Branch
 * @property {number} id
 * @property {string | undefined} model
 * @property {string} prompt
 * @property {Token[]} tokens after the prompt
 * @property {number[]} marks numbers of tokens that "Undo" goes back to, the latest last
 * @property {string} ending why it does not go on: a finish_reason, `stopped` or nothing yet
 * @property {number | null} seed that the service reported last
 * @property {string} from which branch it left, and how; empty for a first one
 * @property {number | null} chosen number of the token that was chosen when it left
 *
 * @typedef {[string, number, [string, number][]?]} Token text, log-probability, and the likeliest tokens in its place, unless there was no room to keep them
 */

const textOf = branch => branch.prompt + branch.tokens.map(([text]) => text).join('');

/**
 * The card of a branch.
 * @param {Branch} branch changed in place
 * @param {object} actions
 * @param {() => object} actions.parameters the present knobs as `parameters`
 * @param {() => void} actions.changed keeps the branches
 * @param {(prefix: number, alternative: [string, number]) => void} actions.fork goes on in a new branch, with another token after the prefix
 * @param {() => void} actions.close
 * @param {(text: string) => void} actions.inspect
 */
export function branchCard(branch, actions) {
    let running = null, drawn = 0, pending = 0;
    const name = `Branch ${branch.id}`, several = models.of('language_model').length > 1;
    const place = h('span', { class: 'tokens' });
    const text = h('div', { class: 'text branch-text', dir: 'auto', tabindex: 0, role: 'region', 'aria-label': `Text of branch ${branch.id}` }, h('span', { class: 'prompt' }, branch.prompt), place);
    const status = h('p', { class: 'branch-status muted number' });
    const warning = h('div'), problems = h('div');
    const go = h('button', { type: 'button', onclick: () => running ? running.abort() : generate() });
    const undoButton = h('button', { type: 'button', class: 'quiet', onclick: undo, title: 'Takes back the last step' }, 'Undo');
    const element = h('article', { class: 'card branch stack', 'aria-label': name },
        h('header', { class: 'row' }, h('h2', { class: 'grow' }, name, h('small', null, ' ', h('bdi', null, [several && branch.model, branch.from].filter(Boolean).join(', ')))),
            h('button', { type: 'button', class: 'quiet', 'aria-label': `Close branch ${branch.id}`, onclick: close }, 'Close')),
        text, warning, problems, status,
        h('div', { class: 'row' }, go, undoButton, copyButton(() => textOf(branch)),
            h('button', { type: 'button', class: 'quiet', onclick: () => actions.inspect(textOf(branch)) }, 'Look inside')));
    const list = tokenList(place, { label: `Tokens of branch ${branch.id}: arrow keys move, Enter shows what else could stand there`, content: alternatives });

    /** Lets the service write on from where the branch ends. */
    async function generate() {
        clearProblem(problems);
        running = new AbortController();
        const { signal } = running;
        const from = branch.tokens.length, began = performance.now();
        let first = 0;
        branch.marks.push(from);
        branch.ending = '';
        show();
        try {
            await stream('generate_stream', {
                model: branch.model, inputs: textOf(branch), parameters: { ...actions.parameters(), top_n_tokens: alternativesShown },
            }, {
                signal,
                retry: true,
                onWait: showWait(problems),
                onWarning: said => showWarning(warning, said),
                onEvent(event) {
                    if (first === 0) {
                        first = performance.now();
                        clearProblem(problems);
                    }
                    branch.tokens.push([event.token.special ? '' : event.token.text, event.token.logprob, event.top_tokens?.map(top => [top.special ? '' : top.text, top.logprob]) ?? []]);
                    if (event.details) {
                        branch.ending = event.details.finish_reason;
                        branch.seed = event.details.seed;
                    }
                    later();
                },
            });
        } catch (problem) {
            clearProblem(problems);
            branch.ending = 'stopped';
            if (!isAbort(problem))
                showProblem(problems, problem, { retry: generate });
        }

        if (branch.tokens.length === from)
            branch.marks.pop();
        running = null;
        draw();
        actions.changed();
        const added = branch.tokens.length - from;
        show(added > 0 ? `, ${added < branch.tokens.length ? `the last ${count(added)} ` : ''}in ${Math.round(performance.now() - began)} ms, the first after ${Math.round(first - began)} ms` : '');
        announce(`${name}: ${plural(added, 'token')} added, ${endings[branch.ending] ?? ''}`);
    }

    /** It ends here, as somebody chose the end of the text. */
    function end(reason) {
        branch.ending = reason;
        show();
        actions.changed();
    }

    function undo() {
        branch.tokens.length = branch.marks.pop() ?? branch.tokens.length;
        branch.ending = 'stopped';
        popover.hide();
        clearProblem(problems);
        place.replaceChildren(...[...place.children].slice(0, branch.tokens.length));
        drawn = branch.tokens.length;
        list.refresh();
        show();
        actions.changed();
    }

    function close() {
        running?.abort();
        popover.hide();
        actions.close();
    }

    /** Tokens come faster than the screen is drawn: they are put there once a frame. */
    function later() {
        pending ||= requestAnimationFrame(() => {
            draw();
            show();
        });
    }

    function draw() {
        cancelAnimationFrame(pending);
        pending = 0;
        const atEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 4;
        append(place, branch.tokens.slice(drawn).map((token, i) => tokenElement(token, drawn + i === branch.chosen)));
        drawn = branch.tokens.length;
        list.refresh();
        if (atEnd)
            text.scrollTop = text.scrollHeight;
    }

    function show(speed = '') {
        element.classList.toggle('running', running !== null);
        element.setAttribute('aria-busy', String(running !== null));
        go.textContent = running ? 'Stop' : branch.tokens.length > 0 ? 'Continue' : 'Start';
        undoButton.disabled = running !== null || branch.marks.length === 0;
        status.textContent = `${plural(branch.tokens.length, 'token')}${speed}`
            + (running ? '' : `${branch.ending && `; ${endings[branch.ending] ?? branch.ending}`}${branch.seed === null ? '' : `; seed ${branch.seed}`}`);
    }

    function alternatives(token) {
        const index = [...place.children].indexOf(token);
        const [own, ownLogprob, top = []] = branch.tokens[index];
        const rows = top.some(([other]) => other === own) ? top : [...top, [own, ownLogprob]];
        return [
            h('p', null, 'In this place the model expects'),
            h('ol', { class: 'alternatives' }, rows.map(([other, logprob]) => h('li', null, alternative(other, logprob, other === own, () => {
                popover.hide();
                actions.fork(index, [other, logprob]);
            })))),
            h('p', { class: 'muted' }, 'Another one makes a branch.'),
        ];
    }

    draw();
    show();
    return { element, generate, end, focusText: () => text.focus() };
}

function tokenElement([text, logprob], chosen) {
    const kind = text === '\n' ? ' line-break' : text === '' ? ' end' : '';
    const token = h('span', {
        class: `token${kind}${chosen ? ' chosen' : ''}`, role: 'button', 'aria-haspopup': 'dialog', 'aria-label': `${spokenForm(text)}, ${percent(Math.exp(logprob))}${chosen ? ', chosen' : ''}`,
    }, text);
    return paintSurprise(token, logprob);
}

/** The stronger the colour, the less likely. */
export const paintSurprise = (element, logprob) => paintSequential(element, -logprob / mostSurprise);

function alternative(text, logprob, isOwn, choose) {
    const probability = Math.exp(logprob);
    const bar = h('span', { class: 'bar', 'aria-hidden': 'true' });
    bar.style.inlineSize = `${probability * 100}%`;
    const spoken = spokenForm(text);
    const parts = [
        h('bdi', null, visibleForm(text)), spoken === text ? null : h('span', { class: 'visually-hidden' }, spoken),
        h('span', { class: 'track' }, bar), h('span', { class: 'number' }, percent(probability)),
    ];
    return isOwn
        ? h('div', { class: 'alternative own' }, parts, h('span', { class: 'visually-hidden' }, 'as it is'))
        : h('button', { type: 'button', class: 'alternative', onclick: choose }, h('span', { class: 'visually-hidden' }, 'Go on with '), parts);
}
