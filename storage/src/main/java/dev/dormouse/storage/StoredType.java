package dev.dormouse.storage;

import com.esotericsoftware.kryo.Serializer;

/**
 * A class that can be stored. Several may have the same id: they are read back as one.
 *
 * @param type the exact class
 * @param id its number in stored bytes, which never changes
 * @param serializer its form; without state, so that all threads may share it
 */
record StoredType(Class<?> type, int id, Serializer<?> serializer) {}
