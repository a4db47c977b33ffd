/**
 * The hot paths inside a server, measured by <a href="https://github.com/openjdk/jmh">JMH</a>.
 *
 * <pre>
 * java -cp examples/bench/target/dormouse-bench.jar org.openjdk.jmh.Main -prof gc
 * </pre>
 */
package dev.dormouse.examples.bench.jmh;
