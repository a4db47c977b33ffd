/**
 * Runs a server inside an application of Spring Boot 3.5 or 4. {@link
 * dev.dormouse.spring.ActorRoute} makes an actor class a bean that clients reach, {@link
 * dev.dormouse.spring.ActorServer} is how other beans call actors, and {@link
 * dev.dormouse.spring.DormouseProperties} has the properties.
 */
@NullMarked
package dev.dormouse.spring;

import org.jspecify.annotations.NullMarked;
