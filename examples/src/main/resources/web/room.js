/** What this tab knows of the room in view. No DOM here. */
export class Room {
  you = null;
  #members = new Map();
  #seen = new Set();
  #unconfirmed = [];

  constructor(name) {
    this.name = name;
  }

  /** Takes the server's fresh picture. Returns texts of ours that the server never took. */
  welcome({ you, members, history }) {
    const lost = this.#unconfirmed.filter((text) => !this.#arrived(text, history));
    this.you = you;
    this.#members = new Map(members.map((member) => [member.id, member]));
    this.#seen = new Set(history.map((entry) => entry.id));
    this.#unconfirmed = [];
    return lost;
  }

  #arrived(text, history) {
    return history.some((entry) => entry.member === this.you.id && entry.text === text && !this.#seen.has(entry.id));
  }

  /** Remembers a text handed to the socket until the server repeats it. */
  sent(text) {
    this.#unconfirmed.push(text);
  }

  /** The oldest text the server has not repeated, given up on. */
  refused() {
    return this.#unconfirmed.shift();
  }

  /** Returns whether the entry is new. */
  said(entry) {
    if (this.#seen.has(entry.id)) return false;
    this.#seen.add(entry.id);
    const confirmed = entry.member === this.you?.id ? this.#unconfirmed.indexOf(entry.text) : -1;
    if (confirmed >= 0) this.#unconfirmed.splice(confirmed, 1);
    return true;
  }

  /** Returns whether this is a person who had no connection here before. */
  joined(member) {
    const arrived = !this.#isHere(member.name);
    this.#members.set(member.id, member);
    return arrived;
  }

  /** Returns whether this was the person's last connection. */
  left(member) {
    this.#members.delete(member.id);
    return !this.#isHere(member.name);
  }

  /** Returns whether it was you. */
  renamed(member) {
    this.#members.set(member.id, member);
    if (member.id !== this.you?.id) return false;
    this.you = member;
    return true;
  }

  /** People rather than connections, you first, the others by name. */
  people() {
    const people = new Map();
    for (const { id, name } of this.#members.values()) {
      const person = people.get(name) ?? { name, connections: 0, you: false };
      person.connections += 1;
      person.you ||= id === this.you?.id;
      people.set(name, person);
    }
    return [...people.values()].sort((a, b) => b.you - a.you || a.name.localeCompare(b.name));
  }

  #isHere(name) {
    return [...this.#members.values()].some((member) => member.name === name);
  }
}
