package dev.dormouse.storage;

import java.util.Arrays;
import java.util.List;

/**
 * How the objects of a class lie in the bytes at hand.
 *
 * @param names what the slots were called, in the order in which they were stored
 * @param plan for each of them the index of the slot that it fills today, -1 if there is none;
 *     empty if the class is not known
 * @param isCurrent whether the names are those of today, in whatever order
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares them
record StoredSlots(List<String> names, int[] plan, boolean isCurrent) {

  /** Of a class that is not known. */
  static StoredSlots unknown(List<String> names) {
    return new StoredSlots(names, new int[0], false);
  }

  /** Of a known class whose slots had these names. */
  static StoredSlots of(Shape shape, List<String> names) {
    int[] plan = names.stream().mapToInt(shape::indexOf).toArray();
    boolean isCurrent =
        plan.length == shape.slots().size() && Arrays.stream(plan).allMatch(slot -> slot >= 0);
    return new StoredSlots(names, plan, isCurrent);
  }
}
