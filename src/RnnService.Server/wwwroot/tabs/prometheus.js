// Prometheus' text format, as far as the page reads it.

/**
 * @param {string} text
 * @param {(series: string) => boolean} isLeftOut whether a series, as it is written with its labels, does not count
 * @returns {Map<string, number>} the sum over all labels, by name
 */
export function sums(text, isLeftOut) {
    const found = new Map();
    for (const line of text.split('\n')) {
        const match = /^([a-zA-Z_:][\w:]*)(?:\{.*\})?\s+(\S+)/.exec(line);
        if (match && !isLeftOut(match[0]))
            found.set(match[1], (found.get(match[1]) ?? 0) + Number(match[2]));
    }
    return found;
}
