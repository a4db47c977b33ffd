// What the node holds and does: six small charts.
import { Chart } from './chart.js';
import { bytes, ms, rate, whole } from './words.js';

const SECONDS_MIN = 60;

const last = (values) => values.at(-1) ?? 0;

/** In words, or none if it is not known: some is only measured while somebody looks. */
const known = (values, words) => (values.at(-1) == null ? null : words(values.at(-1)));

export class NodeStrip {
  #sockets = new Chart('sockets', 'Sockets', [''], whole);
  #active = new Chart('active', 'Actors in memory', [''], whole);
  #wakes = new Chart('wakes', 'Wakes', [''], rate);
  #messages = new Chart('messages', 'Messages', ['in', 'out'], rate);
  #commits = new Chart('commits', 'Commit time', ['median', '99 %'], ms);
  #heap = new Chart('heap', 'Heap', [''], bytes);

  constructor(root) {
    root.replaceChildren(...[this.#sockets, this.#active, this.#wakes, this.#messages, this.#commits, this.#heap]
      .map((chart) => chart.element));
  }

  update(node) {
    const { history, heap } = node;
    const room = Math.min(history.samplesMax, Math.max(SECONDS_MIN, history.sockets.length));
    const common = { room, stepMs: history.stepMs };
    const upgrading = node.pendingUpgrades ? `${whole(node.pendingUpgrades)} upgrades wait` : null;
    this.#sockets.update({
      ...common, number: whole(node.sockets), series: [history.sockets],
      note: upgrading ?? known(history.upgrades, (number) => `${rate(number)} upgrades/s`) ?? '',
    });
    this.#active.update({
      ...common, number: whole(node.active), series: [history.active],
      note: node.owedCloses ? `${whole(node.owedCloses)} closes owed` : known(history.turns, (number) => `${rate(number)} turns/s`) ?? '',
    });
    this.#wakes.update({
      ...common, number: rate(last(history.wakes)), unit: '/s', series: [history.wakes],
      note: 'came into memory',
    });
    this.#messages.update({
      ...common, number: rate(last(history.messagesIn)), unit: 'in/s', series: [history.messagesIn, history.messagesOut],
      note: `${rate(last(history.messagesOut))} out/s`,
    });
    this.#commitTimes(history, common);
    this.#heap.update({
      ...common, number: bytes(heap.usedBytes), series: [history.heapBytes], note: perSocket(heap),
    });
    this.#heap.element.title = 'Of a sleeping socket, an estimate: how much more the last garbage collection left than one when far '
      + `fewer were connected, by the sockets that came since; from ${heap.perSocketFrom} of them on, while nearly all actors sleep.`;
  }

  /** Those of the last second that had commits. */
  #commitTimes({ commitMedianMs, commitTailMs, stepMs }, common) {
    const at = commitMedianMs.findLastIndex((median) => median > 0);
    const agoS = Math.round(((commitMedianMs.length - 1 - at) * stepMs) / 1000);
    this.#commits.update({
      ...common, number: at < 0 ? '–' : ms(commitMedianMs[at]), unit: at < 0 ? '' : 'median',
      series: [commitMedianMs, commitTailMs].map((times) => times.map((time) => time || null)),
      note: at < 0 ? 'no commit was measured' : `99 %: ${ms(commitTailMs[at])}${agoS ? `, ${agoS} s ago` : ''}`,
    });
  }
}

function perSocket(heap) {
  if (heap.perSocketBytes != null) return `≈ ${bytes(heap.perSocketBytes)}/sleeping socket`;
  return heap.afterGcBytes == null ? `of ${bytes(heap.maxBytes)}` : `${bytes(heap.afterGcBytes)} after the last GC`;
}
