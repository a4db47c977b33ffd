package dev.dormouse.server.admin;

import io.vertx.ext.web.Router;

/** More of what the admin port answers. */
public interface AdminPage {

  /** Adds its routes; what comes from elsewhere than this machine was refused before. */
  void mount(Router router);
}
