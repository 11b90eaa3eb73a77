import io.debezium.embedded.Connect;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.connect.header.Header;
import org.apache.kafka.connect.source.SourceRecord;

/** Debezium's engine with its EventRouter, and a consumer that sends to Kafka as Debezium Server's. */
public final class Relay {
    private static final byte[] NOTHING = null;

    public static void main(String[] words) throws Exception {
        Path offsets = Path.of(words[0]);
        Files.createDirectories(offsets);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(producing())) {
            DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> engine =
                    DebeziumEngine.create(Connect.class)
                            .using(capturing(offsets, words[1]))
                            .using(new Connected())
                            .using((DebeziumEngine.CompletionCallback) Relay::tell)
                            .notifying((batch, committer) -> send(producer, batch, committer))
                            .build();
            var runner = Executors.newSingleThreadExecutor();
            var ended = new CountDownLatch(1);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                try {
                    engine.close();
                    ended.await(10, TimeUnit.SECONDS);
                } catch (Exception error) {
                    System.err.println(error.getMessage()); // it has ended by itself
                }
            }));
            runner.submit(() -> {
                try {
                    engine.run();
                } finally {
                    ended.countDown();
                }
            });
            runner.shutdown();
            ended.await();
        }
    }

    /** Says so once the connector runs; a first start takes its snapshot from here on. */
    private static final class Connected implements DebeziumEngine.ConnectorCallback {
        @Override
        public void taskStarted() {
            System.out.println("ready");
        }
    }

    private static void tell(boolean isFine, String message, Throwable error) {
        if (!isFine) {
            System.err.println(message);
            if (error != null) {
                error.printStackTrace();
            }
        }
    }

    private static void send(
            KafkaProducer<byte[], byte[]> producer,
            List<ChangeEvent<SourceRecord, SourceRecord>> batch,
            DebeziumEngine.RecordCommitter<ChangeEvent<SourceRecord, SourceRecord>> committer)
            throws InterruptedException {
        List<Future<RecordMetadata>> sent = new ArrayList<>(batch.size());
        for (ChangeEvent<SourceRecord, SourceRecord> change : batch) {
            SourceRecord source = change.value();
            if (source.topic().equals(System.getenv("PEER_TOPIC"))) {
                sent.add(producer.send(record(source)));
            }
        }
        try {
            for (Future<RecordMetadata> one : sent) {
                one.get();
            }
        } catch (java.util.concurrent.ExecutionException error) {
            throw new IllegalStateException(error);
        }
        for (ChangeEvent<SourceRecord, SourceRecord> change : batch) {
            committer.markProcessed(change);
        }
        committer.markBatchFinished();
    }

    private static ProducerRecord<byte[], byte[]> record(SourceRecord source) {
        var record = new ProducerRecord<>(source.topic(), bytes(source.key()), bytes(source.value()));
        for (Header header : source.headers()) {
            if (header.value() != null) {
                String name = header.key().equals("content_type") ? "content-type" : header.key();
                record.headers().add(name, bytes(header.value()));
            }
        }
        return record;
    }

    private static byte[] bytes(Object value) {
        if (value == null) {
            return NOTHING;
        }
        if (value instanceof byte[] array) {
            return array;
        }
        if (value instanceof ByteBuffer buffer) {
            byte[] array = new byte[buffer.remaining()];
            buffer.duplicate().get(array);
            return array;
        }
        return value.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static Properties producing() {
        Properties told = new Properties();
        told.put("bootstrap.servers", System.getenv("PEER_BOOTSTRAP"));
        told.put("enable.idempotence", "true");
        told.put("acks", "all");
        told.put("linger.ms", "0");
        told.put("key.serializer", ByteArraySerializer.class.getName());
        told.put("value.serializer", ByteArraySerializer.class.getName());
        return told;
    }

    private static Properties capturing(Path offsets, String headers) {
        List<String> placed = new ArrayList<>();
        for (String name : headers.split(",")) {
            String column = name.replace('-', '_');
            placed.add(column + ":header:" + column);
        }
        Properties told = new Properties();
        told.put("name", "bench");
        told.put("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
        told.put("offset.storage", "org.apache.kafka.connect.storage.FileOffsetBackingStore");
        told.put("offset.storage.file.filename", offsets.resolve("offsets").toString());
        told.put("offset.flush.interval.ms", "0"); // as the sample of Debezium Server
        told.put("database.hostname", System.getenv("PEER_HOST"));
        told.put("database.port", System.getenv("PEER_PORT"));
        told.put("database.user", "postgres");
        told.put("database.password", "");
        told.put("database.dbname", System.getenv("PEER_DATABASE"));
        told.put("topic.prefix", "bench");
        told.put("plugin.name", "pgoutput");
        told.put("slot.name", System.getenv("PEER_SLOT"));
        told.put("publication.autocreate.mode", "filtered");
        told.put("table.include.list", "peers.debezium");
        told.put("tombstones.on.delete", "false");
        told.put("poll.interval.ms", "5");
        told.put("transforms", "outbox");
        told.put("transforms.outbox.type", "io.debezium.transforms.outbox.EventRouter");
        told.put("transforms.outbox.route.topic.replacement", System.getenv("PEER_TOPIC"));
        told.put("transforms.outbox.table.fields.additional.placement", String.join(",", placed));
        return told;
    }
}
