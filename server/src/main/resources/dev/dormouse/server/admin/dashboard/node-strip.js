// What the node holds and does: six small charts.
import { Chart } from './chart.js';
import { bytes, ms, plural, rate, whole } from './words.js';

const SECONDS_MIN = 60;

const last = (values) => values.at(-1) ?? 0;

/** In words, or none if it is not known: some is only measured while somebody looks. */
const known = (values, words) => (values.at(-1) == null ? null : words(values.at(-1)));

export class NodeStrip {
  #sockets = new Chart('sockets', 'Sockets', [''], whole);
  #awake = new Chart('awake', 'Actors awake', [''], whole);
  #wakes = new Chart('wakes', 'Wakes', [''], rate);
  #messages = new Chart('messages', 'Messages', ['in/s', 'out/s'], rate);
  #commits = new Chart('commits', 'Commit time', ['median', '99 %'], ms);
  #heap = new Chart('heap', 'Heap', [''], bytes);

  constructor(root) {
    root.replaceChildren(...[this.#sockets, this.#awake, this.#wakes, this.#messages, this.#commits, this.#heap]
      .map((chart) => chart.element));
  }

  update(node) {
    const { history, heap } = node;
    const room = Math.min(history.samplesMax, Math.max(SECONDS_MIN, history.sockets.length));
    const common = { room, stepMs: history.stepMs };
    const upgrading = node.pendingUpgrades ? `${plural(node.pendingUpgrades, 'upgrade')} wait` : null;
    this.#sockets.update({
      ...common, number: whole(node.sockets), series: [history.sockets],
      note: upgrading ?? known(history.upgrades, (number) => `${rate(number)} upgrades/s`) ?? '',
    });
    this.#awake.update({
      ...common, number: whole(node.awake), series: [history.awake],
      note: node.owedCloses ? `${plural(node.owedCloses, 'close')} owed` : `${whole(node.asleep)} asleep`,
    });
    this.#awake.element.dataset.note = node.owedCloses ? '' : 'asleep';
    this.#wakes.update({
      ...common, number: rate(last(history.wakes)), unit: '/s', series: [history.wakes],
      note: known(history.turns, (number) => `${rate(number)} turns/s`) ?? '',
    });
    this.#messages.update({
      ...common, number: rate(last(history.messagesIn)), unit: 'in/s', series: [history.messagesIn, history.messagesOut],
      note: `${rate(last(history.messagesOut))} out/s`,
    });
    this.#commitTimes(history, common);
    this.#heap.update({
      ...common, number: bytes(heap.usedBytes), series: [history.heapBytes], note: perSocket(heap),
    });
    this.#heap.element.title = 'The part of a sleeping socket is an estimate: the growth of the heap between two garbage collections, '
      + `divided by the sockets that came between them. It needs ${whole(heap.perSocketFrom)} sockets, nearly all of them of actors asleep.`;
  }

  /** Those of the last second that had commits. */
  #commitTimes({ commitMedianMs, commitTailMs, stepMs }, common) {
    const at = commitMedianMs.findLastIndex((median) => median > 0);
    const agoS = Math.round(((commitMedianMs.length - 1 - at) * stepMs) / 1000);
    this.#commits.update({
      ...common, number: at < 0 ? '–' : ms(commitMedianMs[at]), unit: 'median',
      series: [commitMedianMs, commitTailMs].map((times) => times.map((time) => time || null)),
      note: at < 0 ? '99 %: –' : `99 %: ${ms(commitTailMs[at])}${agoS ? `, ${agoS} s ago` : ''}`,
    });
  }
}

function perSocket(heap) {
  if (heap.perSocketBytes != null) return `≈ ${bytes(heap.perSocketBytes)}/sleeping socket`;
  return heap.afterGcBytes == null ? `of ${bytes(heap.maxBytes)}` : `${bytes(heap.afterGcBytes)} after the last GC`;
}
