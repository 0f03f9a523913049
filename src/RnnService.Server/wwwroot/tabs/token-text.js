// A text token by token: an element for each, and a graph over the running text.

import { svg } from '../lib/dom.js';
import { segments } from '../lib/text.js';

/**
 * The text with an element for each token and everything between them as it stands.
 * @param {string} text
 * @param {{ start: number, end: number }[]} tokens offsets in code points
 * @param {(piece: string, index: number) => Element} draw
 * @returns {{ nodes: (Node | string)[], elements: Element[] }} nodes: all of the text; elements: those of the tokens
 */
export function tokenNodes(text, tokens, draw) {
    const elements = [];
    const nodes = segments(text, tokens).map(segment => {
        if (segment.span === null)
            return segment.text;
        const element = draw(segment.text, elements.length);
        elements.push(element);
        return element;
    });
    return { nodes, elements };
}

/** A piece of text whose line breaks can be seen and pointed at. */
export const withBreaks = piece => piece.replaceAll('\n', '↵\n');

/**
 * Draws a graph over a text: in the space above each wrapped line, a value from 0 to 1 for each token.
 * @param {HTMLElement} text holds the tokens' elements; of the class over-text, which gives its lines the space
 * @param {Element[]} elements one a token
 * @param {{ shape: 'line' | 'bars', values: number[], guide?: number }} graph guide: a height that is drawn as a dashed line
 */
export function drawOver(text, elements, { shape, values, guide }) {
    const canvas = svg('svg', { class: `over-graph over-${shape}`, 'aria-hidden': 'true' });
    text.prepend(canvas);
    let until = elements.length - 1;
    let lines = [], room = 0, rightToLeft = false;

    /** Finds where the tokens stand. */
    function measure() {
        const style = getComputedStyle(text);
        room = parseFloat(style.fontSize) * 1.6;
        rightToLeft = style.direction === 'rtl';
        lines = tokenLines(text, elements);
        canvas.setAttribute('width', text.clientWidth);
        canvas.setAttribute('height', text.clientHeight);
        draw();
    }

    function draw() {
        canvas.replaceChildren();
        let before = null;
        for (const line of lines) {
            const y = value => round(line.top - 3 - value * room);
            canvas.append(level('over-edge', line, y(0)));
            if (guide !== undefined)
                canvas.append(level('over-guide', line, y(guide)));
            const read = line.tokens.filter(token => token.index <= until);
            if (read.length === 0)
                continue;
            if (shape === 'bars') {
                canvas.append(...read.map(token => bar(token, y(values[token.index]), y(0))));
                continue;
            }
            const points = read.map(token => [token.middle, y(values[token.index])]);
            if (before !== null)
                points.unshift([round(rightToLeft ? line.right : line.left), y(before)]);
            before = values[read.at(-1).index];
            canvas.append(...scoreLine(points, y(0)));
            if (read.at(-1).index === until)
                canvas.append(svg('circle', { class: 'over-dot', cx: points.at(-1)[0], cy: points.at(-1)[1], r: 4 }));
        }
    }

    const observer = new ResizeObserver(measure); // once it is shown, and again when it wraps otherwise
    observer.observe(text);
    return {
        /** Draws no further than this token. */
        showUntil(index) {
            until = index;
            draw();
        },
        dispose() {
            observer.disconnect();
            canvas.remove();
        },
    };
}

/** Where the tokens stand, line by line as the browser has wrapped them, relative to the text. */
function tokenLines(text, elements) {
    const origin = text.getBoundingClientRect();
    const lines = [];
    elements.forEach((element, index) => {
        const rects = [...element.getClientRects()];
        const rect = rects.findLast(({ width }) => width > 0) ?? rects[0]; // a token that is broken over two lines ends on the second
        if (!rect)
            return;
        const [top, bottom, left, right] = [rect.top - origin.top, rect.bottom - origin.top, rect.left - origin.left, rect.right - origin.left];
        let line = lines.at(-1);
        if (!line || (top + bottom) / 2 > line.bottom) {
            line = { top, bottom, left, right, tokens: [] };
            lines.push(line);
        }
        line.top = Math.min(line.top, top);
        line.left = Math.min(line.left, left);
        line.right = Math.max(line.right, right);
        line.tokens.push({ index, middle: round((left + right) / 2), width: right - left });
    });
    return lines;
}

function scoreLine(points, floor) {
    const path = points.map(point => point.join(',')).join(' ');
    return [
        svg('polygon', { class: 'over-area', points: `${points[0][0]},${floor} ${path} ${points.at(-1)[0]},${floor}` }),
        svg('polyline', { class: 'over-stroke', points: path }),
    ];
}

function bar(token, top, floor) {
    const width = Math.max(1, Math.min(14, token.width - 1));
    const height = Math.max(0, floor - top);
    return svg('rect', { class: 'over-bar', x: round(token.middle - width / 2), y: top, width: round(width), height: round(height) });
}

const level = (name, line, y) => svg('line', { class: name, x1: round(line.left), x2: round(line.right), y1: y, y2: y });
const round = value => Math.round(value * 10) / 10;
