// Judges any number of texts in lists, and keeps what was judged whatever happens.

import { post } from '../lib/api.js';

const textsARequest = 32;
const requestsInFlight = 2;

/**
 * A text, and once it was judged its labels, best first, or why it could not be.
 * @typedef {{ text: string, labels?: { label: string, score: number }[], error?: string }} Row
 */

export const isJudged = row => row.labels !== undefined || row.error !== undefined;

/**
 * Judges the rows that are not judged yet and fills them in. A list that is refused as a whole is sent again in halves, until the text at fault
 * stands alone; a problem that is not about a text ends the run.
 * @param {Row[]} rows
 * @param {string | undefined} model
 * @param {{ signal: AbortSignal, onProgress: () => void, onWait: (seconds: number, problem: object) => void }} options
 */
export async function judgeRows(rows, model, { signal, onProgress, onWait }) {
    for (const row of rows.filter(({ text }) => text.trim() === ''))
        row.error = 'the text is empty';

    const open = rows.filter(row => !isJudged(row));
    const failed = new AbortController(); // ends the other request when one has a problem
    const either = AbortSignal.any([signal, failed.signal]);
    let next = 0;

    async function judge(list) {
        try {
            const call = { signal: either, retry: true, onWait, remember: list[0] === open[0] };
            const answers = await post('classify', { model, inputs: list.map(row => row.text) }, call);
            list.forEach((row, index) => Array.isArray(answers[index]) ? row.labels = answers[index] : row.error = answers[index].error);
        } catch (problem) {
            if (![400, 413, 422].includes(problem.status))
                throw problem;
            if (list.length > 1) {
                const half = list.length >> 1;
                await judge(list.slice(0, half));
                return judge(list.slice(half));
            }
            list[0].error = problem.message;
        }
        onProgress();
    }

    async function work() {
        while (next < open.length) {
            next += textsARequest;
            await judge(open.slice(next - textsARequest, next));
        }
    }

    try {
        await Promise.all(Array.from({ length: requestsInFlight }, work));
    } catch (problem) {
        failed.abort();
        throw problem;
    }
}
