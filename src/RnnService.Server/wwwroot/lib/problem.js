// A problem looks like what it is, beside what was typed and never in its place.

import { announce, h, replace } from './dom.js';

/** What a problem is, for people. */
function describe(problem) {
    switch (true) {
        case problem.type === 'unreachable':
            return { kind: 'gone', title: 'The service cannot be reached', advice: 'Is it running, and is the network there? What you typed is kept.' };
        case problem.status === 401:
            return { kind: 'key', title: 'A key is needed', advice: 'Put it into the field at the top of the page.' };
        case problem.status === 403:
            return { kind: 'key', title: 'This key may not do that', advice: 'Put another one into the field at the top of the page.' };
        case problem.status === 429:
            return { kind: 'busy', title: 'The service is busy', advice: 'Too many requests are waiting.' };
        case problem.type === 'queue_timeout':
            return { kind: 'busy', title: 'The service is busy', advice: 'The request waited too long for its turn.' };
        case problem.status === 503:
            return { kind: 'busy', title: 'The service is not ready', advice: 'It is starting, or finishing what runs before it stops.' };
        case problem.status === 504 || problem.status === 408:
            return { kind: 'busy', title: 'It took too long' };
        case problem.status >= 500:
            return { kind: 'fault', title: 'The service failed', advice: 'This is a fault of the service, not of what was sent.' };
        case problem.status === 404 && problem.type === 'route_not_found':
            return { kind: 'off', title: 'This service does not offer that', advice: 'The route is switched off, or the service is older than this page.' };
        case problem.status >= 400:
            return { kind: 'input', title: 'This cannot be used' };
        default:
            return { kind: 'fault', title: 'Something in this page failed' };
    }
}

const running = new WeakMap();

/**
 * Shows a problem in a container.
 * @param {HTMLElement} container
 * @param {import('./api.js').Problem} problem
 * @param {{ retry?: () => void, waiting?: boolean, title?: string }} [options] retry: what "Try again" does; waiting: it tries again by itself when
 *     the time is over; title: what it is, where only the caller knows
 */
export function showProblem(container, problem, { retry, waiting = false, title: own } = {}) {
    clearProblem(container);
    const { kind, title, advice } = own ? { kind: 'input', title: own } : describe(problem);
    const fields = Object.entries(problem.errors ?? {});
    const again = h('button', { type: 'button', onclick: () => { clearProblem(container); retry(); } }, 'Try again');
    const countdown = h('span', { class: 'countdown' });
    replace(container, h('div', { class: `problem ${kind}`, role: 'alert' },
        h('p', { class: 'problem-title' }, h('b', null, title), problem.status > 0 && h('span', { class: 'status' }, String(problem.status))),
        advice && h('p', null, advice),
        fields.length > 0
            ? h('ul', null, fields.map(([name, messages]) => h('li', { dir: 'auto' }, name && h('code', null, name), name && ' ', messages.join('; '))))
            : !(kind === 'gone' && advice) && h('p', { class: 'detail', dir: 'auto' }, problem.message),
        kind === 'fault' && problem.traceId && h('p', null, 'For its log: ', h('code', null, problem.traceId)),
        h('p', { class: 'problem-actions' }, countdown, retry && !waiting && again)));

    if (problem.retryAfter > 0 && (waiting || retry))
        count(container, countdown, again, problem.retryAfter, waiting);
}

/** Shows that a call was refused for now and is tried again by itself: the onWait of a call. */
export const showWait = container => (seconds, problem) => {
    problem.retryAfter = seconds;
    showProblem(container, problem, { waiting: true });
};

function count(container, countdown, again, seconds, waiting) {
    const end = performance.now() + seconds * 1000;
    const draw = () => {
        const left = Math.ceil((end - performance.now()) / 1000);
        again.disabled = left > 0;
        countdown.textContent = left <= 0 ? waiting ? 'Trying again …' : '' : waiting ? `Trying again in ${left} s` : `Come again in ${left} s`;
        if (left <= 0)
            stop(container);
    };
    running.set(container, setInterval(draw, 250));
    draw();
}

function stop(container) {
    clearInterval(running.get(container));
    running.delete(container);
}

/** Takes the problem away. */
export function clearProblem(container) {
    stop(container);
    container.replaceChildren();
}

/** A sentence about a field for somebody who sees no fields: `inputs[0]: has …` is about the text in front of them. */
export const withoutField = sentence =>
    sentence.replace(/^inputs(\[\d+\])?: (?=has |holds |is )/, 'The text ').replace(/^inputs(\[\d+\])?: /, '');

/** Shows what of a text the model could not read. */
export function showWarning(container, text) {
    const said = text && withoutField(text);
    replace(container, said && h('p', { class: 'warning', dir: 'auto' }, said));
    if (said)
        announce(said);
}
