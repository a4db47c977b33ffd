package dev.dormouse.server.host.rows;

import dev.dormouse.sdk.ActorId;
import dev.dormouse.storage.ActorStore.PlacedRow;
import dev.dormouse.storage.ActorStore.Row;
import dev.dormouse.storage.NodeStore;
import dev.dormouse.storage.TurnBatch;
import dev.dormouse.storage.rows.CorruptRowException;
import dev.dormouse.storage.rows.Table;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A store in which some rows cannot be read, until they are written again. */
public final class DamagedRows {
  private final NodeStore store;
  private final Set<String> damaged = new HashSet<>();
  private int refusedReads;

  public DamagedRows(NodeStore store) {
    this.store = store;
  }

  public void damage(ActorId actor, RowKey row) {
    damaged.add(place(actor, row));
  }

  void repairAll() {
    damaged.clear();
  }

  public boolean isDamaged(ActorId actor, RowKey row) {
    return damaged.contains(place(actor, row));
  }

  /** Returns how often a read of an unreadable row was tried. */
  public int refusedReads() {
    return refusedReads;
  }

  private static String place(ActorId actor, RowKey row) {
    return actor + " " + row.table() + " " + List.of(toList(row.bytes()));
  }

  private static List<Byte> toList(byte[] bytes) {
    Byte[] boxed = new Byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      boxed[i] = bytes[i];
    }
    return List.of(boxed);
  }

  /** Returns the store as its users see it. */
  public NodeStore store() {
    return (NodeStore)
        Proxy.newProxyInstance(
            getClass().getClassLoader(), new Class<?>[] {NodeStore.class}, this::call);
  }

  private Object call(Object proxy, Method method, Object[] arguments) throws Throwable {
    if (method.getName().equals("get")) {
      ActorId actor = (ActorId) arguments[0];
      RowKey row = new RowKey((Table) arguments[1], (byte[]) arguments[2]);
      if (isDamaged(actor, row)) {
        refusedReads++;
        throw new CorruptRowException("actor " + actor + ": the stored value is damaged", null);
      }
    } else if (method.getName().equals("commit")) {
      TurnBatch batch = (TurnBatch) arguments[0];
      batch
          .writes()
          .forEach(
              write ->
                  damaged.remove(place(batch.actor(), new RowKey(write.table(), write.key()))));
    }
    Object result;
    try {
      result = method.invoke(store, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
    if (method.getName().equals("scan")) {
      Table table = (Table) arguments[1];
      return ((List<?>) result)
          .stream()
              .map(Row.class::cast)
              .map(
                  row ->
                      isDamaged((ActorId) arguments[0], new RowKey(table, row.key()))
                          ? new Row(row.key(), null)
                          : row)
              .toList();
    }
    if (method.getName().equals("scanAll")) {
      Table table = (Table) arguments[0];
      return ((List<?>) result)
          .stream()
              .map(PlacedRow.class::cast)
              .map(
                  row ->
                      isDamaged(row.actor(), new RowKey(table, row.key()))
                          ? new PlacedRow(row.actor(), row.key(), null)
                          : row)
              .toList();
    }
    return result;
  }
}
