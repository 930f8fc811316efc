# The program and what it needs to run: Node runs its TypeScript as it is, so nothing is built.
FROM node:24-slim AS install
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages packages
RUN npm ci --omit=dev --workspace packages/cli --ignore-scripts --no-audit --no-fund
# Has Node compile everything once, as the user that will run it: its cache is one user's. A start then takes half as long.
RUN install -d -o node -g node node_modules/.cache
USER node
RUN node packages/server/start.mjs --warm && chmod -R a+rX node_modules/.cache

FROM node:24-slim
# Nothing that installs or builds.
RUN rm -rf /usr/local/lib/node_modules /opt/yarn-* /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg \
    && install -d -o node -g node -m 0700 /data
WORKDIR /app
# Belongs to root: the program cannot change itself.
COPY --from=install /app .
COPY deploy/healthcheck.mjs deploy/healthcheck.mjs
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4600 DATA_DIR=/data PATH=/app/node_modules/.bin:$PATH
USER node
VOLUME /data
EXPOSE 4600
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "/app/deploy/healthcheck.mjs"]
# The exec form: SIGTERM reaches the program itself.
ENTRYPOINT ["osigu-sandbox"]
CMD ["start"]
