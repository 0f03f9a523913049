// Tunes in ABC notation as notes to see and as sound, by abcjs. It comes when the first tune is drawn: no other tab waits for it.

import { loadPart } from './api.js';

let loading = null;

/** The library, which sets a global name as a script that is no module does. */
async function library() {
    loading ??= loadPart('script', 'vendor/abcjs-basic-min.js');
    try {
        await loading;
    } catch (problem) {
        loading = null;
        throw problem;
    }
    return globalThis.ABCJS;
}

/**
 * What a tune says to whom plays it.
 * @typedef {object} Tune
 * @property {number} seconds
 * @property {{ at: number, seconds: number, pitch: number, volume: number }[]} notes in the order they begin; pitch as MIDI counts, volume up to 127
 * @property {{ at: number, elements: SVGElement[] }[]} marks what of the drawing sounds from when on, to the end of the tune
 * @property {number} unread characters that are no ABC
 * @property {() => Uint8Array<ArrayBuffer>} midi as a file
 */

/**
 * Draws a tune as wide as its container.
 * @param {HTMLElement} container
 * @param {string} abc
 * @returns {Promise<Tune>}
 */
export async function drawTune(container, abc) {
    const { renderAbc, synth } = await library();
    const [drawn] = withoutStyleElements(() => renderAbc(container, abc, {
        ariaLabel: 'The tune as notes; the field below has it as text',
        staffwidth: Math.max(260, container.clientWidth - 4),
        wrap: { preferredMeasuresPerLine: 8, minSpacing: 1.4, maxSpacing: 2.7 },
        paddingleft: 0, paddingright: 0, paddingtop: 0, paddingbottom: 0,
        selectTypes: false,
    }));
    const timings = drawn.setTiming(), { tempo, tracks } = drawn.setUpAudio({});
    const wholeNote = 240 / tempo; // seconds; the tempo counts quarters a minute
    return {
        seconds: timings.at(-1)?.milliseconds / 1000 || 0,
        notes: tracks.flat().filter(({ cmd }) => cmd === 'note')
            .map(({ start, duration, pitch, volume }) => ({ at: start * wholeNote, seconds: duration * wholeNote, pitch, volume }))
            .sort((a, b) => a.at - b.at),
        marks: timings.map(({ milliseconds, elements = [] }) => ({ at: milliseconds / 1000, elements: elements.flat() })),
        unread: drawn.warnings?.length ?? 0,
        midi: () => synth.getMidiFile(drawn, { midiOutputType: 'binary' }),
    };
}

/** The page's policy refuses style elements that scripts make; abcjs's one is about dragging, which nobody does here. */
function withoutStyleElements(draw) {
    const { createElementNS } = Document.prototype;
    document.createElementNS = (namespace, name) => createElementNS.call(document, namespace, name === 'style' ? 'metadata' : name);
    try {
        return draw();
    } finally {
        delete document.createElementNS;
    }
}
