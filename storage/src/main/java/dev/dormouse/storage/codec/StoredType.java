package dev.dormouse.storage.codec;

import com.esotericsoftware.kryo.Serializer;

/**
 * A class whose objects can be stored. Several classes may share an id: their objects are read back
 * as the first of them.
 *
 * @param type the exact class
 * @param id the number of the class in stored bytes, which never changes
 * @param serializer the stored form; it has no state, so that all threads may share it
 */
record StoredType(Class<?> type, int id, Serializer<?> serializer) {

  /** Returns whether a class is part of the JDK. */
  static boolean isOfJdk(Class<?> type) {
    ClassLoader loader = type.getClassLoader();
    return loader == null || loader == ClassLoader.getPlatformClassLoader();
  }

  /** Returns the message about a class that turns up in a value but was not named. */
  static String messageAboutUnnamed(Class<?> type) {
    if (type.isHidden() || type.isAnonymousClass()) {
      return "class "
          + type.getName()
          + " cannot be stored: it is a lambda or has no name; store a record in its place";
    }
    if (isOfJdk(type)) {
      return "class "
          + type.getName()
          + " cannot be stored: copy what it holds into one of the common types, such as ArrayList";
    }
    return "class "
        + type.getName()
        + " was not named: add it with ActorOptions.stores("
        + type.getSimpleName()
        + ".class)";
  }
}
