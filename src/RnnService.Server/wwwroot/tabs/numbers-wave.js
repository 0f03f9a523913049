// A sound as a wave along a line of time, and below it what was heard when.

import { h, replace, scroller } from '../lib/dom.js';
import { canvasScales } from '../lib/colour.js';
import { percent } from '../lib/text.js';

const height = 110; // pixels
const blocksASecond = 100; // of each the least and the most sample are kept
const leastPixelsASecond = 60, widest = 30_000; // of the canvas

export function waveView() {
    let rate = 1, blocks = [], block = [0, 0], filled = 0, loudest = 0.02, symbols = [], due = 0, follows = true;
    const canvas = h('canvas', { role: 'img', class: 'wave-canvas' });
    const heard = h('ol', { class: 'wave-heard', 'aria-label': 'What was heard when' });
    const element = scroller('Sound', h('div', { class: 'wave' }, canvas, heard));
    const seconds = () => blocks.length / blocksASecond;
    new ResizeObserver(later).observe(element);
    addEventListener('themechange', later);

    function later() {
        due ||= requestAnimationFrame(draw);
    }

    function draw() {
        due = 0;
        const room = element.clientWidth, ratio = devicePixelRatio;
        const pixels = Math.max(room / Math.max(1, seconds()), Math.min(leastPixelsASecond, widest / ratio / seconds())); // a second
        const width = Math.max(room, Math.ceil(seconds() * pixels));
        Object.assign(canvas, { width: width * ratio, height: height * ratio });
        canvas.style.width = `${width}px`;
        const context = canvas.getContext('2d'), bar = pixels * ratio / blocksASecond, middle = canvas.height / 2;
        context.fillStyle = `rgb(${canvasScales().sequential(1).join()})`;
        blocks.forEach(([least, most], at) => context.fillRect(at * bar, (1 - most / loudest) * middle, Math.max(1, bar - 0.5), Math.max(ratio, (most - least) / loudest * middle)));
        canvas.setAttribute('aria-label', blocks.length === 0 ? 'No sound yet' : `Sound of ${seconds().toFixed(1)} seconds`);
        replace(heard, symbols.map(({ symbol, seconds: at, score }) => h('li', { style: { left: `${at * pixels}px` }, title: `${at.toFixed(2)} s, ${percent(score)}` }, symbol)));
        if (follows)
            element.scrollLeft = width; // what is new is on the right
    }

    function begin(samplesASecond) {
        [rate, blocks, block, filled, loudest, symbols, follows] = [samplesASecond, [], [0, 0], 0, 0.02, [], true];
        later();
    }

    /** @param {Float32Array | Int16Array} samples */
    function add(samples) {
        const scale = samples instanceof Int16Array ? 1 / 32768 : 1, size = rate / blocksASecond;
        for (const sample of samples) {
            const value = sample * scale;
            block[0] = Math.min(block[0], value);
            block[1] = Math.max(block[1], value);
            loudest = Math.max(loudest, Math.abs(value));
            if (++filled >= size) {
                blocks.push(block);
                [block, filled] = [[0, 0], filled - size];
            }
        }
        later();
    }

    return {
        element,
        /** Begins another sound, of so many samples a second. */
        begin,
        add,
        /** Draws a sound that is there as a whole, below what was heard in it. */
        draw(samplesASecond, samples) {
            const known = symbols;
            begin(samplesASecond);
            [symbols, follows] = [known, false];
            add(samples);
        },
        /** Marks what was heard when. */
        mark(more) {
            symbols.push(...more);
            later();
        },
    };
}
