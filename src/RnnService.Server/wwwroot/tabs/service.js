// Models and service: what is served and what is not, and what the service does at this moment.

import { h } from '../lib/dom.js';
import { models } from '../lib/models.js';
import { clearProblem, showProblem } from '../lib/problem.js';
import { plural } from '../lib/text.js';
import { modelCard } from './service-card.js';
import { liveService } from './service-live.js';

export default function render(root, context) {
    const live = liveService();
    const list = h('div', { class: 'model-cards' });
    const problems = h('div');
    const summary = h('p', { class: 'muted' });
    const draw = () => {
        clearProblem(problems);
        if (models.unlisted)
            problems.replaceChildren(h('p', { class: 'notice' }, 'This service keeps its list of models to itself; its default models answer all the same.'));
        else if (models.problem)
            showProblem(problems, models.problem, { retry: () => models.refresh() });
        else if (models.settled && models.all().length === 0)
            problems.replaceChildren(h('p', { class: 'notice' }, 'There are no models. ', h('code', null, 'Rnn__ModelsPath'), ' names the folder that they are read from.'));
        summary.textContent = models.all().length > 0 ? summaryOf(models.all()) : '';
        drawCards(list, context);
    };

    models.addEventListener('change', draw);
    draw();
    root.append(
        h('section', { class: 'stack', 'aria-label': 'Live service' }, h('div', { class: 'row' }, h('h2', null, 'Now'), summary), live.element),
        h('section', { class: 'stack', 'aria-label': 'Models' }, h('h2', null, 'Models'), problems, list),
        h('p', null, 'Every route, field and limit: ', h('a', { href: 'swagger' }, 'Swagger UI'), ' at /swagger, where it is not switched off.'));

    return {
        enter() {
            live.start();
            models.refresh();
        },
        leave: live.stop,
    };
}

/** "3 models are served, 1 is broken: tickets" */
function summaryOf(cards) {
    const names = status => cards.filter(card => card.status === status).map(card => card.name);
    const part = (list, text) => list.length > 0 && `${list.length} ${text}`;
    const broken = names('broken');
    return [
        `${plural(names('ready').length, 'model')} served`, part(names('loading'), 'being loaded'), part(broken, `broken: ${broken.slice(0, 10).join(', ')}`),
    ].filter(Boolean).join(', ');
}

/** Broken ones first, since somebody waits for them; a card that did not change stays, with what is open in it. */
function drawCards(list, context) {
    const order = ['broken', 'loading', 'ready'];
    const cards = [...models.all()].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status) || b.default - a.default || a.name.localeCompare(b.name));
    const known = new Map([...list.children].map(element => [element.dataset.card, element]));
    list.replaceChildren(...cards.map(card => {
        const key = JSON.stringify(card);
        const element = known.get(key) ?? modelCard(card, context);
        element.dataset.card = key;
        return element;
    }));
}
