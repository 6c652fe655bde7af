/* Targets and lower bounds in C: what a check costs without any interpreter.
 *
 *   floor accept PORT             accept connections, close them when the peer does
 *   floor tcp PORT COUNT          connect and close, 64 at a time
 *   floor http PORT COUNT         the same with a GET, read to its end
 *   floor icmp COUNT              echo requests on one raw socket, 64 at a time
 *
 * Targets are spread over 4,000 addresses from 127.1.0.1 on. The last three print the
 * microseconds of CPU for each operation.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { AT_ONCE = 64, SPREAD = 4000, EVENTS = 256 };

static struct sockaddr_in target(int number, int port) {
    number %= SPREAD;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    uint32_t host = 127u << 24 | 1u << 16 | (uint32_t)(number / 254) << 8;
    to.sin_addr.s_addr = htonl(host | (uint32_t)(number % 254 + 1));
    return to;
}

static void watch(int poll, int fd, uint32_t events, int operation) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(poll, operation, fd, &event);
}

static void spent(int count, int good) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double seconds = used.ru_utime.tv_sec + used.ru_stime.tv_sec;
    seconds += (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    if (good != count) {
        fprintf(stderr, "only %d of %d succeeded\n", good, count);
        exit(1);
    }
    printf("%.3f\n", seconds * 1e6 / count);
}

static void serve(int port) {
    struct epoll_event ready[EVENTS];
    char rest[4096];
    int yes = 1, poll = epoll_create1(0);
    int door = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(door, (void *)&here, sizeof here) || listen(door, 4096)) {
        perror("listen");
        exit(1);
    }
    watch(poll, door, EPOLLIN, EPOLL_CTL_ADD);
    for (;;) {
        int count = epoll_wait(poll, ready, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = ready[i].data.fd;
            if (fd != door) {
                if (read(fd, rest, sizeof rest) <= 0) close(fd);
                continue;
            }
            while ((fd = accept4(door, 0, 0, SOCK_NONBLOCK)) >= 0)
                watch(poll, fd, EPOLLIN, EPOLL_CTL_ADD);
        }
    }
}

static int dial(int poll, int number, int port) {
    struct sockaddr_in to = target(number, port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        perror("socket");
        exit(1);
    }
    connect(fd, (void *)&to, sizeof to);
    watch(poll, fd, EPOLLOUT, EPOLL_CTL_ADD);
    return fd;
}

/* One step of a connection; returns 0 to go on, 1 when it is over well, -1 if not. */
static int step(int poll, int fd, int asks, char *asked) {
    static const char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                                  "Connection: close\r\n\r\n";
    char answer[16384];
    if (!*asked) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error || !asks) return error ? -1 : 1;
        *asked = 1;
        if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0) return -1;
        watch(poll, fd, EPOLLIN, EPOLL_CTL_MOD);
        return 0;
    }
    ssize_t got = recv(fd, answer, sizeof answer, 0);
    if (got < 0) return errno == EAGAIN ? 0 : -1;
    if (got > 0) {
        if (*asked == 1 && memcmp(answer, "HTTP/1.1 200", 12)) return -1;
        *asked = 2;
        return 0;
    }
    return *asked == 2 ? 1 : -1;
}

static void visit(int asks, int port, int count) {
    static char asked[65536];
    struct epoll_event ready[EVENTS];
    int poll = epoll_create1(0), begun = 0, over = 0, good = 0;
    while (over < count) {
        while (begun < count && begun - over < AT_ONCE) {
            int fd = dial(poll, begun++, port);
            asked[fd] = 0;
        }
        int waiting = epoll_wait(poll, ready, EVENTS, 1000);
        for (int i = 0; i < waiting; i++) {
            int fd = ready[i].data.fd, result = step(poll, fd, asks, &asked[fd]);
            if (!result) continue;
            good += result > 0;
            over++;
            close(fd);
        }
    }
    spent(count, good);
}

static uint16_t checksum(const uint16_t *words, int count) {
    uint32_t sum = 0;
    while (count--) sum += *words++;
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return ~sum;
}

static void ping(int count) {
    int fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), room = 4 << 20, good = 0;
    uint32_t only_replies = ~(1u << 0);
    uint8_t packet[64] = {8}, answer[256];
    uint16_t *words = (uint16_t *)packet;
    if (fd < 0) {
        perror("raw socket");
        exit(1);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    setsockopt(fd, SOL_RAW, 1, &only_replies, sizeof only_replies);
    words[2] = htons(0x4842);
    for (int begun = 0; begun < count;) {
        int last = begun + AT_ONCE < count ? begun + AT_ONCE : count, wanted = last - begun;
        for (; begun < last; begun++) {
            struct sockaddr_in to = target(begun, 0);
            words[3] = htons(begun & 0xffff);
            words[1] = 0;
            words[1] = checksum(words, sizeof packet / 2);
            if (sendto(fd, packet, sizeof packet, 0, (void *)&to, sizeof to) < 0) exit(1);
        }
        while (wanted--) good += recv(fd, answer, sizeof answer, 0) > 0;
    }
    spent(count, good);
}

int main(int count, char **words) {
    if (count == 3 && !strcmp(words[1], "accept")) serve(atoi(words[2]));
    else if (count == 4 && !strcmp(words[1], "tcp")) visit(0, atoi(words[2]), atoi(words[3]));
    else if (count == 4 && !strcmp(words[1], "http")) visit(1, atoi(words[2]), atoi(words[3]));
    else if (count == 3 && !strcmp(words[1], "icmp")) ping(atoi(words[2]));
    else {
        fprintf(stderr, "usage: floor accept PORT | tcp PORT COUNT | http PORT COUNT | icmp COUNT\n");
        return 2;
    }
    return 0;
}
