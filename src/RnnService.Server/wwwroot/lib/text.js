// Text as the service counts it, in Unicode code points, and as people can see it.

/** The code points of a text, one string each. */
export const codePoints = text => Array.from(text);

/**
 * Cuts a text into the spans and what lies between them, in order and without loss.
 * @template {{ start: number, end: number }} Span
 * @param {string} text
 * @param {Span[]} spans in order, not overlapping
 * @returns {{ text: string, span: Span | null }[]}
 */
export function segments(text, spans) {
    const points = codePoints(text);
    const found = [];
    let at = 0;
    for (const span of spans) {
        if (span.start > at)
            found.push({ text: points.slice(at, span.start).join(''), span: null });
        found.push({ text: points.slice(span.start, span.end).join(''), span });
        at = span.end;
    }
    if (at < points.length)
        found.push({ text: points.slice(at).join(''), span: null });
    return found;
}

const visible = new Map([[' ', '␣'], ['\n', '↵'], ['\r', '␍'], ['\t', '⇥'], ['\u00a0', '⍽'], ['\u200b', 'ZWSP'], ['\u200d', 'ZWJ'], ['\u200c', 'ZWNJ']]);
const spoken = new Map([[' ', 'space'], ['\n', 'line break'], ['\r', 'carriage return'], ['\t', 'tab'], ['', 'end of text']]);

/** A token with its white space made visible, for lists of tokens. */
export function visibleForm(token) {
    return token === '' ? '∅' : codePoints(token).map(c => visible.get(c) ?? (/\p{Mark}/u.test(c) ? '◌' + c : c)).join('');
}

/** A token as a screen reader should say it. */
export const spokenForm = token => spoken.get(token) ?? token;

/** A probability as people read it: 43 %, 0.4 %, <0.01 %. */
export function percent(p) {
    const hundredfold = p * 100;
    if (p > 0 && hundredfold < 0.01)
        return '<0.01 %';
    return hundredfold >= 99.95 && p < 1 ? '>99.9 %' : `${hundredfold.toFixed(hundredfold < 1 ? 2 : hundredfold < 10 ? 1 : 0)} %`;
}

const units = ['B', 'kB', 'MB', 'GB'];

/** A number of bytes as people read it. */
export function byteSize(bytes) {
    let unit = 0;
    for (; bytes >= 1000 && unit < units.length - 1; unit++)
        bytes /= 1000;
    return `${bytes.toFixed(unit === 0 || bytes >= 100 ? 0 : 1)} ${units[unit]}`;
}

/** A number with so many digits after the point, and a true minus. */
export const fixed = (number, digits) => number.toFixed(digits).replace('-', '−');

/** A number with separators of thousands. */
export const count = number => number.toLocaleString('en-US');

/** One or many: plural(3, 'token') is "3 tokens". */
export const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
