"""The broker of the local stack keeps what production's keeps."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local import jars, kafka

THE_BROKER = kafka.Broker(jars=Path("jars"), data=Path("data"), port=9092, controller_port=9093)


async def test_broker_takes_idempotent_sends_and_gives_them_back_in_order(kafka_bootstrap):
    topic = f"test.{uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 3, 1)])
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka_bootstrap, enable_idempotence=True, acks="all"
    )
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=kafka_bootstrap,
        group_id=topic,
        auto_offset_reset="earliest",
    )
    async with asyncio.timeout(30), producer, consumer:
        for number in range(20):
            await producer.send_and_wait(topic, str(number).encode(), key=b"case")
        received = [(await consumer.getone()).value for _ in range(20)]
        await consumer.commit()
    await admin.delete_topics([topic])
    await admin.close()

    assert received == [str(number).encode() for number in range(20)]


async def test_topic_is_not_made_by_asking_for_it(kafka_bootstrap):
    topic = f"test.{uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, request_timeout_ms=2000)
    async with producer:
        with pytest.raises(Exception, match=r".*"):
            await asyncio.wait_for(producer.send_and_wait(topic, b"x"), 3)

    assert topic not in await admin.list_topics()
    await admin.close()


def test_list_names_each_of_the_jars_once_with_its_hash():
    listed = jars.listed()

    assert len({jar.file for jar in listed}) == len(listed) == 46
    assert all(len(jar.sha256) == 64 for jar in listed)
    assert kafka.version() == "4.3.1"


def test_jar_that_is_not_the_one_listed_is_named_and_not_kept(tmp_path, monkeypatch):
    jar = jars.Jar("org.example", "clients", "1.0", "0" * 64)
    monkeypatch.setattr(jars, "listed", lambda: [jar])
    download = tmp_path / "download"
    download.write_bytes(b"something else")
    monkeypatch.setattr(jars, "_download", lambda jar, cache: download)

    with pytest.raises(jars.JarsAreNotThere, match=r"clients-1\.0\.jar is not the file"):
        jars.fetch(tmp_path / "jars")

    assert not (tmp_path / "jars" / jar.file).exists()
    assert not (tmp_path / "jars" / "checked").exists()


def test_jar_that_was_damaged_on_disk_is_fetched_again(tmp_path, monkeypatch):
    whole = b"the jar"
    jar = jars.Jar("org.example", "clients", "1.0", jars.hashlib.sha256(whole).hexdigest())
    monkeypatch.setattr(jars, "listed", lambda: [jar])
    (tmp_path / jar.file).write_bytes(b"half of")
    download = tmp_path / "download"
    download.write_bytes(whole)
    monkeypatch.setattr(jars, "_download", lambda jar, cache: download)

    jars.fetch(tmp_path)

    assert (tmp_path / jar.file).read_bytes() == whole


def test_broker_listens_on_loopback_alone():
    settings = kafka.properties(THE_BROKER)

    hosts = [listener.rsplit(":", 1)[0] for listener in settings["listeners"].split(",")]
    assert hosts == ["CLIENTS://127.0.0.1", "CONTROLLER://127.0.0.1"]
