package dev.dormouse.server.admin;

import io.vertx.ext.web.Router;

/** More of what the admin port answers. */
public interface AdminPage {

  /** Adds its routes; who may not come in was refused before, see {@link AdminAccess}. */
  void mount(Router router);
}
