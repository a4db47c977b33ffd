/** Durable state of actors and connections, kept in RocksDB. */
@NullMarked
package dev.dormouse.storage;

import org.jspecify.annotations.NullMarked;
