import { h } from '../lib/dom.js';

export default {
    id: 'service',
    title: 'Models and service',
    tasks: [],

    render(root) {
        root.append(h('p', null, 'Models and service'));
    },
};
