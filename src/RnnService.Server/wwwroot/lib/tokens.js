// Tokens that can be pointed at: one of them is in the tab order, arrow keys go to the others, and a popover tells about the one that the
// pointer or the focus is on. Enter goes into the popover, Escape comes back. Listeners sit on the container, so that a token is one plain element.

import { h, replace, uniqueId } from './dom.js';

/**
 * @param {HTMLElement} container whose tokens match `selector`; it may change at any time
 * @param {object} options
 * @param {string} options.label what the tokens are, for screen readers
 * @param {(token: HTMLElement) => Node | Node[] | null} options.content what the popover holds; null for no popover
 * @param {string} [options.selector]
 * @returns {{ refresh: () => void, focus: (token: HTMLElement) => void }} refresh puts a token into the tab order after a change
 */
export function tokenList(container, { label, content, selector = '.token' }) {
    container.setAttribute('role', 'group');
    container.setAttribute('aria-label', label);
    const tokens = () => [...container.querySelectorAll(selector)];
    const tokenOf = event => event.target.closest?.(selector);
    let timer;

    const open = token => popover.show(token, content(token), label);

    function focus(token) {
        for (const other of container.querySelectorAll(`${selector}[tabindex]`))
            other.removeAttribute('tabindex');
        token.tabIndex = 0;
        token.focus();
    }

    function refresh() {
        if (!container.querySelector(`${selector}[tabindex]`))
            container.querySelector(selector)?.setAttribute('tabindex', '0');
    }

    container.addEventListener('pointerover', event => {
        const token = tokenOf(event);
        clearTimeout(timer);
        if (token && event.pointerType === 'mouse' && !popover.holdsFocus)
            timer = setTimeout(() => open(token), 120);
    });
    container.addEventListener('pointerleave', () => {
        clearTimeout(timer);
        popover.leave();
    });
    container.addEventListener('click', event => {
        const token = tokenOf(event);
        if (token && getSelection().isCollapsed) {
            focus(token);
            open(token);
        }
    });
    container.addEventListener('focusin', event => {
        if (tokenOf(event)?.matches(':focus-visible'))
            open(tokenOf(event));
    });
    container.addEventListener('focusout', event => popover.blur(event.relatedTarget));
    container.addEventListener('keydown', event => {
        const token = tokenOf(event);
        if (!token || event.ctrlKey || event.metaKey || event.altKey)
            return;
        if (event.key === 'Enter' || event.key === ' ') {
            event.preventDefault();
            open(token);
            popover.enter();
            return;
        }
        if (event.key === 'Escape')
            popover.hide();
        const next = neighbour(tokens(), token, event.key);
        if (next) {
            event.preventDefault();
            focus(next);
        }
    });

    refresh();
    return { refresh, focus };
}

function neighbour(tokens, token, key) {
    const at = tokens.indexOf(token);
    const fromRight = getComputedStyle(token).direction === 'rtl';
    switch (key) {
        case 'ArrowRight': return tokens[at + (fromRight ? -1 : 1)];
        case 'ArrowLeft': return tokens[at + (fromRight ? 1 : -1)];
        case 'ArrowDown': return onNextLine(tokens.slice(at + 1), token);
        case 'ArrowUp': return onNextLine(tokens.slice(0, at).reverse(), token);
        case 'Home': return tokens[0];
        case 'End': return tokens.at(-1);
        default: return undefined;
    }
}

/** The nearest token of the first line that differs from the token's own. */
function onNextLine(others, token) {
    const from = token.getBoundingClientRect();
    const line = rect => Math.abs(rect.bottom - from.bottom) > from.height / 2;
    const boxes = others.map(other => ({ other, box: other.getBoundingClientRect() })).filter(({ box }) => line(box));
    const first = boxes[0]?.box;
    return boxes.filter(({ box }) => Math.abs(box.bottom - first.bottom) < first.height / 2)
        .sort((a, b) => Math.abs(a.box.left - from.left) - Math.abs(b.box.left - from.left))[0]?.other;
}

/** The page's one popover. */
class Popover {
    #element = null;
    #anchor = null;
    #timer;

    /** Whether the keyboard is in it, when the pointer must not take it away. */
    get holdsFocus() {
        return this.#anchor !== null && this.#element.contains(document.activeElement);
    }

    show(anchor, content, label) {
        clearTimeout(this.#timer);
        if (anchor === this.#anchor)
            return;
        this.hide();
        if (!content)
            return;
        this.#element ??= this.#make();
        this.#anchor = anchor;
        anchor.classList.add('open');
        replace(this.#element, content);
        this.#element.setAttribute('aria-label', label);
        this.#element.hidden = false;
        this.#place();
    }

    hide() {
        clearTimeout(this.#timer);
        if (this.#anchor === null)
            return;
        const back = this.holdsFocus ? this.#anchor : null;
        this.#anchor.classList.remove('open');
        this.#anchor = null;
        this.#element.hidden = true;
        back?.focus();
    }

    /** Moves the focus into it. */
    enter() {
        if (this.#anchor !== null)
            (this.#element.querySelector('button, a') ?? this.#element).focus();
    }

    /** The pointer left the token: it stays for a moment, so that the pointer can come in. */
    leave() {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.holdsFocus || document.activeElement === this.#anchor || this.hide(), 250);
    }

    /** The focus left the token for another element. */
    blur(next) {
        if (this.#anchor !== null && !this.#element.contains(next))
            this.leave();
    }

    #make() {
        const element = h('div', {
            class: 'popover', role: 'dialog', id: uniqueId('popover'), tabindex: -1, hidden: true,
            onpointerenter: () => clearTimeout(this.#timer),
            onpointerleave: () => this.leave(),
            onfocusout: event => this.blur(event.relatedTarget),
            onkeydown: event => this.#key(event),
        });
        document.body.append(element);
        document.addEventListener('pointerdown', event => {
            if (this.#anchor !== null && !element.contains(event.target) && !this.#anchor.contains(event.target))
                this.hide();
        });
        addEventListener('resize', () => this.hide());
        return element;
    }

    #key(event) {
        const buttons = [...this.#element.querySelectorAll('button, a')];
        const at = buttons.indexOf(document.activeElement);
        const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
        if (event.key === 'Escape' || event.key === 'Tab') {
            event.preventDefault();
            this.hide();
        } else if (step !== 0 && buttons.length > 0) {
            event.preventDefault();
            buttons[(at + step + buttons.length) % buttons.length].focus();
        }
    }

    #place() {
        const { style } = this.#element;
        style.left = style.top = '0';
        const box = [...this.#anchor.getClientRects()].at(-1) ?? this.#anchor.getBoundingClientRect();
        const { width, height } = this.#element.getBoundingClientRect();
        const page = document.documentElement;
        const below = box.bottom + height + 8 < page.clientHeight || box.top < height + 8;
        style.left = `${scrollX + Math.max(8, Math.min(box.left, page.clientWidth - width - 8))}px`;
        style.top = `${scrollY + (below ? box.bottom + 4 : box.top - height - 4)}px`;
    }
}

export const popover = new Popover();
