// What the node holds and does: six small charts.
import { Chart } from './chart.js';
import { bytes, ms, rate, whole } from './words.js';

const last = (values) => values.at(-1) ?? 0;

export class NodeStrip {
  #sockets = new Chart('sockets', 'Sockets', [''], whole);
  #active = new Chart('active', 'Actors in memory', [''], whole);
  #wakes = new Chart('wakes', 'Wakes', [''], rate);
  #messages = new Chart('messages', 'Messages', ['in', 'out'], rate);
  #commits = new Chart('commits', 'Commit time', ['half', '99 %'], ms);
  #heap = new Chart('heap', 'Heap', [''], bytes);

  constructor(root) {
    root.replaceChildren(...[this.#sockets, this.#active, this.#wakes, this.#messages, this.#commits, this.#heap]
      .map((chart) => chart.element));
  }

  update(node) {
    const { history, heap } = node;
    const common = { room: history.samplesMax, stepMs: history.stepMs };
    const upgrading = node.pendingUpgrades ? ` · ${whole(node.pendingUpgrades)} waiting` : '';
    this.#sockets.update({
      ...common, number: whole(node.sockets), series: [history.sockets],
      note: `${rate(last(history.upgrades))} upgrades/s${upgrading}`,
    });
    this.#active.update({
      ...common, number: whole(node.active), series: [history.active],
      note: node.owedCloses ? `${whole(node.owedCloses)} closes owed` : `${rate(last(history.turns))} turns/s`,
    });
    this.#wakes.update({
      ...common, number: rate(last(history.wakes)), unit: '/s', series: [history.wakes],
      note: 'actors that came into memory',
    });
    this.#messages.update({
      ...common, number: rate(last(history.messagesIn)), unit: 'in/s', series: [history.messagesIn, history.messagesOut],
      note: `${rate(last(history.messagesOut))} out/s`,
    });
    this.#commits.update({
      ...common, number: ms(last(history.commitMedianMs)), series: [history.commitMedianMs, history.commitTailMs],
      note: `half of them; 99 % within ${ms(last(history.commitTailMs))}`,
    });
    this.#heap.update({
      ...common, number: bytes(heap.usedBytes), series: [history.heapBytes], note: perSocket(heap),
    });
    this.#heap.element.title = 'For a socket: what the last garbage collection left, less what the last one left while '
      + `nobody was connected, by the number of sockets; from ${heap.perSocketFrom} sockets on. What is in memory for `
      + 'actors that are awake counts, too.';
  }
}

function perSocket(heap) {
  if (heap.perSocketBytes != null) return `about ${bytes(heap.perSocketBytes)} a socket`;
  return heap.afterGcBytes == null ? `of ${bytes(heap.maxBytes)}` : `${bytes(heap.afterGcBytes)} after the last GC`;
}
