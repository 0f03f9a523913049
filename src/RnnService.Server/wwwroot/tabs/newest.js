import { isAbort } from '../lib/api.js';
import { h, replace } from '../lib/dom.js';
import { clearProblem, showProblem, showWait } from '../lib/problem.js';

const patience = 700; // milliseconds until it is said that an answer is awaited

/**
 * Makes calls of which only the newest counts: it stops the one before, and an answer that comes late is never shown. A refusal that passes is
 * waited for; another problem is shown with "Try again".
 * @param {HTMLElement} problems where problems are shown
 * @param {HTMLElement} busy marked as busy meanwhile
 */
export function newestCall(problems, busy) {
    let current = null;

    /**
     * @param {(options: import('../lib/api.js').CallOptions) => Promise<any>} call passes the options on to post
     * @param {(answer: any) => void} show
     */
    async function run(call, show) {
        begin();
        const own = current;
        busy.setAttribute('aria-busy', 'true');
        const slow = setTimeout(() => replace(problems, h('p', { class: 'muted', role: 'status' }, 'Computing …')), patience);
        const onWait = (...wait) => {
            clearTimeout(slow);
            if (current === own)
                showWait(problems)(...wait);
        };
        try {
            const answer = await call({ signal: own.signal, retry: true, onWait });
            if (current !== own)
                return;
            clearProblem(problems);
            show(answer);
        } catch (problem) {
            if (current === own && !isAbort(problem))
                showProblem(problems, problem, { retry: () => run(call, show) });
        } finally {
            clearTimeout(slow);
            if (current === own)
                busy.removeAttribute('aria-busy');
        }
    }

    function stop() {
        current?.abort();
        current = null;
        busy.removeAttribute('aria-busy');
        clearProblem(problems);
    }

    /** Stops what there is for something that makes no call, or not yet. @returns {AbortSignal} aborted once something newer has begun */
    function begin() {
        stop();
        current = new AbortController();
        return current.signal;
    }

    return { run, begin, stop };
}
